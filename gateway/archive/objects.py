"""A bucket of an S3-compatible store, `s3://bucket/prefix`, read in ranges; keys and address come from the settings.

A locator is the key of an object, a version its entity tag. Every range is asked for under the tag that was seen when
the object was opened, so that bytes of two versions never mix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from gateway.archive.access import Access
from gateway.archive.blocks import BlockSource, Pages
from gateway.archive.connect import ArchiveError, ObjectRef, same
from gateway.archive.upstream import ATTEMPTS, CONNECT, FIRST_WAIT, SILENCE, Breaker, UpstreamFailed, UpstreamRefused
from gateway.dicom.source import ByteSource

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

T = TypeVar("T")
PAGE = 1000  # objects listed at once
NOWHERE = "http://127.0.0.1:0"  # nothing can listen on port 0
ROLES = (
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "fd00:ec2::254",
)  # where a machine asks for its role's keys


class ObjectArchive:
    """Objects are keys of a bucket, below a prefix if one is given."""

    def __init__(self, bucket: str, prefix: str, access: Access) -> None:
        if not bucket:
            raise ArchiveError("an archive in an object store needs a bucket: s3://bucket/prefix")
        self._store = store_of(bucket, prefix.strip("/"), access)
        self._breaker, self._pages = Breaker(), Pages()

    def objects(self) -> Iterator[ObjectRef]:
        """Every object, in the store's order of keys. Raises UpstreamFailed, UpstreamResting, ArchiveError."""
        import obstore

        listed = self._asked(lambda: obstore.list(self._store, chunk_size=PAGE))
        while page := self._asked(lambda: next(listed, None)):
            for each in page:
                if each["size"] and not each["path"].endswith("/"):
                    yield ObjectRef(each["path"], each["size"], _version(each))

    def open(self, locator: str, version: str = "", size: int = -1) -> ByteSource:
        """One object as it is now. Raises ArchiveError, UpstreamFailed, UpstreamResting."""
        import obstore

        about = self._about(locator)
        same(_version(about), version)
        tag = about["e_tag"]

        def fetch(start: int, length: int) -> bytes:
            got = self._asked(
                lambda: obstore.get(
                    self._store, locator, options={"range": (start, start + length), "if_match": tag}
                ).bytes()
            )
            return bytes(got)

        return BlockSource(about["size"], fetch, self._pages, f"{locator} {_version(about)}")

    def version(self, locator: str) -> str:
        """The entity tag that the object has now. Raises ArchiveError, UpstreamFailed, UpstreamResting."""
        return _version(self._about(locator))

    def _about(self, locator: str) -> Any:
        import obstore

        return self._asked(lambda: obstore.head(self._store, locator))

    def _asked(self, work: Callable[[], T]) -> T:
        """The store's answer; it tries again by itself."""
        from obstore.exceptions import (
            BaseError,
            NotFoundError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
        )

        def tried() -> T:
            try:
                return work()
            except (FileNotFoundError, NotFoundError):
                raise ArchiveError("the archive no longer has this object") from None
            except PreconditionError:
                raise ArchiveError("the object has changed while it was read") from None
            except ValueError:
                raise ArchiveError("the archive no longer has this object") from None
            except (PermissionError, PermissionDeniedError, UnauthenticatedError):
                raise UpstreamRefused from None
            except (BaseError, OSError):
                raise UpstreamFailed from None  # its text names the bucket and the key

        return self._breaker.call(tried)


def store_of(bucket: str, prefix: str, access: Access) -> S3Store:
    """A bucket, with the keys given."""
    from obstore.store import S3Store

    config: S3Config = {"region": access.s3_region}
    if access.s3_endpoint:
        config["endpoint"] = access.s3_endpoint
    if access.s3_access_key:  # else the role that the machine has been given
        config["access_key_id"], config["secret_access_key"] = access.s3_access_key, access.s3_secret_key
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options={
            "connect_timeout": timedelta(seconds=CONNECT),
            "read_timeout": timedelta(seconds=SILENCE),
            "proxy_url": NOWHERE,  # the library follows redirects: none to another host arrives
            "proxy_excludes": ",".join(_hosts(access)),
            "allow_http": access.s3_endpoint.startswith("http://"),
        },
        retry_config={
            "max_retries": ATTEMPTS - 1,
            "retry_timeout": timedelta(seconds=SILENCE * ATTEMPTS),
            "backoff": {"init_backoff": timedelta(seconds=FIRST_WAIT), "base": 2, "max_backoff": timedelta(seconds=5)},
        },
    )  # fmt: skip


def _hosts(access: Access) -> list[str]:
    """The only hosts that are ever called: the store's, and without a key of ours those that give the role's."""
    region = f"{access.s3_region}.amazonaws.com"
    hosts = [(urlsplit(access.s3_endpoint).hostname or "") if access.s3_endpoint else f"s3.{region}"]
    return hosts if access.s3_access_key else [*hosts, *ROLES, "sts.amazonaws.com", f"sts.{region}"]


def _version(about: Any) -> str:
    return f"{about['size']}-{about['e_tag'] or about['last_modified'].isoformat()}"
