"""Headers that every answer carries, and protection of forms against forgery (CSRF)."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect

from gateway.settings import Settings
from gateway.web.secret import web_secret

CONTENT_SECURITY_POLICY = "; ".join([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
])  # fmt: skip
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TWO_YEARS = "max-age=63072000; includeSubDomains"
csrf = CSRFProtect()


def install(app: Flask, settings: Settings) -> None:
    """Give every answer the headers; have the door check forms (`protect_forms`)."""
    app.config.update(
        SECRET_KEY=web_secret(settings.data_dir),
        SESSION_COOKIE_NAME="__Host-slidegate-form" if settings.secure_cookies else "slidegate-form",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        WTF_CSRF_CHECK_DEFAULT=False,  # protect_forms asks, once it is known who sends the request
        WTF_CSRF_TIME_LIMIT=settings.session_hours * 3600,
        WTF_CSRF_SSL_STRICT=False,  # asks for a Referer, which our own Referrer-Policy withholds
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_request_bytes,
    )
    csrf.init_app(app)
    app.before_request(_name_request)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-ID"] = g.get("request_id", "")
        if settings.secure_cookies:
            response.headers["Strict-Transport-Security"] = TWO_YEARS
        if _is_static():
            return response
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


def protect_forms() -> None:
    """Refuse a change that came with a cookie and without its form token.

    A request with an Authorization header is exempt: browsers never add that by themselves. The header
    has been checked before this is called, so that a bad one has been refused already.
    """
    if request.routing_exception is not None:
        return  # no page, so nothing changes; the answer is 404 or 405
    if request.method in {"GET", "HEAD", "OPTIONS", "TRACE"} or "Authorization" in request.headers:
        return
    csrf.protect()


def _name_request() -> None:
    g.request_id = secrets.token_hex(8)


def _is_static() -> bool:
    return request.endpoint is not None and request.endpoint.rpartition(".")[2] == "static"
