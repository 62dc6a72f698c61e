"""The first tables."""

import sqlalchemy as sa
from alembic import op

import gateway.db
from gateway import triggers
from gateway.governance import keeping, meeting_keeping
from gateway.projects import barring, holding
from gateway.release import changes
from gateway.trail import guards

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_change",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_change")),
    )
    op.create_table(
        "consent_epoch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("since", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_epoch")),
    )
    op.create_table(
        "data_key",
        sa.Column("kek_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kek_id", name=op.f("pk_data_key")),
    )
    op.create_table(
        "opt_out_list",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("imported_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_opt_out_list")),
    )
    op.create_table(
        "opt_out",
        sa.Column("patient", sa.String(length=64), nullable=False),
        sa.Column("list_name", sa.String(length=60), nullable=False),
        sa.Column("since", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["list_name"], ["opt_out_list.name"], name=op.f("fk_opt_out_list_name_opt_out_list")),
        sa.PrimaryKeyConstraint("patient", "list_name", name=op.f("pk_opt_out")),
    )
    with op.batch_alter_table("opt_out", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opt_out_list_name"), ["list_name"], unique=False)

    op.create_table(
        "patient_consent",
        sa.Column("patient", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("site", sa.String(length=20), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("starts_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("changed_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('given', 'withdrawn')", name=op.f("ck_patient_consent_state")),
        sa.PrimaryKeyConstraint("patient", "version", name=op.f("pk_patient_consent")),
    )
    with op.batch_alter_table("patient_consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_consent_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_patient_consent_site"), ["site"], unique=False)
        batch_op.create_index(batch_op.f("ix_patient_consent_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "people_account",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("mail", sa.String(length=8), nullable=False),
        sa.CheckConstraint("mail in ('each', 'digest', 'none')", name=op.f("ck_people_account_mail")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_account")),
        sa.UniqueConstraint("email", name=op.f("uq_people_account_email")),
    )
    with op.batch_alter_table("people_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_account_name"), ["name"], unique=False)

    op.create_table(
        "people_request_taken",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("taken_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_people_request_taken")),
    )
    with op.batch_alter_table("people_request_taken", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_request_taken_taken_at"), ["taken_at"], unique=False)

    op.create_table(
        "policy_text",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kept_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_policy_text")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("lay_title", sa.String(length=200), nullable=False),
        sa.Column("lay_summary", sa.Text(), nullable=False),
        sa.Column("application_id", sa.String(length=16), nullable=True),
        sa.Column("created_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("application_id", name=op.f("uq_project_application_id")),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_created_at"), ["created_at"], unique=False)

    op.create_table(
        "site",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("code", name=op.f("uq_site_code")),
    )
    op.create_table(
        "trail_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_trail_checkpoint")),
    )
    op.create_table(
        "trail_event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=True),
        sa.Column("pseq", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(length=128), nullable=True),
        sa.Column("release_id", sa.String(length=64), nullable=True),
        sa.Column("instance_uid", sa.String(length=64), nullable=True),
        sa.Column("lease_seq", sa.BigInteger(), nullable=True),
        sa.Column("site", sa.String(length=64), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_trail_event")),
        sa.UniqueConstraint("hash", name=op.f("uq_trail_event_hash")),
    )
    with op.batch_alter_table("trail_event", schema=None) as batch_op:
        batch_op.create_index("ix_trail_event_action_seq", ["action", "seq"], unique=False)
        batch_op.create_index("ix_trail_event_actor_seq", ["actor_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_trail_event_at"), ["at"], unique=False)
        batch_op.create_index("ix_trail_event_instance_action_seq", ["instance_uid", "action", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_trail_event_lease_seq"), ["lease_seq"], unique=False)
        batch_op.create_index("ix_trail_event_project_pseq", ["project", "pseq"], unique=True)
        batch_op.create_index("ix_trail_event_release_seq", ["release_id", "seq"], unique=False)
        batch_op.create_index("ix_trail_event_site_seq", ["site", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_trail_event_subject"), ["subject"], unique=False)

    op.create_table(
        "trail_pulse",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trail_pulse")),
    )
    op.create_table(
        "trail_signing_key",
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("retired_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_trail_signing_key")),
    )
    op.create_table(
        "trail_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "place", name=op.f("pk_trail_tile")),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("heard", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failed_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "work_item",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_before", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=True),
        sa.Column("heartbeat_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("state in ('queued', 'running', 'done', 'failed')", name=op.f("ck_work_item_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item")),
    )
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.create_index("ix_work_item_state_not_before", ["state", "not_before"], unique=False)

    op.create_table(
        "agreement_text",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kept_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_agreement_text")),
    )
    op.create_table(
        "access_grant",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("starts_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.String(length=500), nullable=True),
        sa.Column("suspended_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("suspended_because", sa.String(length=500), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("deid_policy", sa.String(length=100), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("agreement_sha256", sa.String(length=64), nullable=True),
        sa.Column("training", sa.JSON(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_access_grant_starts_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["agreement_sha256"],
            ["agreement_text.sha256"],
            name=op.f("fk_access_grant_agreement_sha256_agreement_text"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_access_grant_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
    )
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_grant_project_id"), ["project_id"], unique=False)

    op.create_table(
        "application",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("applicant_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form_sha256", sa.String(length=64), nullable=False),
        sa.Column("workflow_sha256", sa.String(length=64), nullable=True),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("started_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("touched_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("review_began_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("triaged_by_id", sa.String(length=16), nullable=True),
        sa.Column("closed_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revises_id", sa.String(length=16), nullable=True),
        sa.Column("project_id", sa.String(length=16), nullable=True),
        sa.Column("changes_id", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "(state = 'draft') = (submitted_at is null) or state = 'withdrawn'", name=op.f("ck_application_submitted")
        ),
        sa.CheckConstraint("kind in ('new', 'amendment', 'renewal', 'appeal')", name=op.f("ck_application_kind")),
        sa.CheckConstraint(
            "state in ('draft', 'submitted', 'in-review', 'approved', 'approved-with-conditions', 'returned', 'rejected', 'withdrawn')",
            name=op.f("ck_application_state"),
        ),
        sa.ForeignKeyConstraint(
            ["applicant_id"], ["people_account.id"], name=op.f("fk_application_applicant_id_people_account")
        ),
        sa.ForeignKeyConstraint(["changes_id"], ["project.id"], name=op.f("fk_application_changes_id_project")),
        sa.ForeignKeyConstraint(
            ["form_sha256"], ["policy_text.sha256"], name=op.f("fk_application_form_sha256_policy_text")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_application_project_id_project")),
        sa.ForeignKeyConstraint(["revises_id"], ["application.id"], name=op.f("fk_application_revises_id_application")),
        sa.ForeignKeyConstraint(
            ["triaged_by_id"], ["people_account.id"], name=op.f("fk_application_triaged_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_sha256"], ["policy_text.sha256"], name=op.f("fk_application_workflow_sha256_policy_text")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("revises_id", name=op.f("uq_application_revises_id")),
    )
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_application_applicant_id"), ["applicant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_changes_id"), ["changes_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_external_id"), ["external_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_project_id"), ["project_id"], unique=False)
        batch_op.create_index(
            "ix_application_newest", ["submitted_at", "started_at", "applicant_id", "id"], unique=False
        )
        batch_op.create_index("ix_application_state", ["state", "workflow_sha256", "submitted_at"], unique=False)

    op.create_table(
        "archive",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("uri", sa.String(length=500), nullable=False),
        sa.Column("site_id", sa.String(length=16), nullable=False),
        sa.Column("added_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_archive_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
        sa.UniqueConstraint("name", name=op.f("uq_archive_name")),
    )
    op.create_table(
        "concern",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_by_id", sa.String(length=16), nullable=False),
        sa.Column("raised_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.String(length=16), nullable=True),
        sa.Column("answered_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'comment') = (due_at is null)", name=op.f("ck_concern_due")),
        sa.CheckConstraint("(state = 'answered') = (answered_at is not null)", name=op.f("ck_concern_answered")),
        sa.CheckConstraint("kind in ('comment', 'ask', 'concern')", name=op.f("ck_concern_kind")),
        sa.CheckConstraint("state in ('open', 'noted', 'answered')", name=op.f("ck_concern_state")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["people_account.id"], name=op.f("fk_concern_answered_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_concern_project_id_project")),
        sa.ForeignKeyConstraint(
            ["raised_by_id"], ["people_account.id"], name=op.f("fk_concern_raised_by_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern")),
    )
    with op.batch_alter_table("concern", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_concern_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_concern_state"), ["state"], unique=False)

    op.create_table(
        "usage_meeting",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.String(length=16), nullable=False),
        sa.Column("recorded_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["people_account.id"], name=op.f("fk_usage_meeting_recorded_by_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_meeting")),
    )
    with op.batch_alter_table("usage_meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_usage_meeting_held_on"), ["held_on"], unique=False)

    op.create_table(
        "usage_vote",
        sa.Column("meeting_id", sa.String(length=16), nullable=False),
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("choice", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("concern_id", sa.String(length=16), nullable=True),
        sa.Column("cast_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("choice = 'content' or concern_id is not null", name=op.f("ck_usage_vote_raises")),
        sa.CheckConstraint("choice in ('content', 'questions', 'not-content')", name=op.f("ck_usage_vote_choice")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_usage_vote_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(["concern_id"], ["concern.id"], name=op.f("fk_usage_vote_concern_id_concern")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["usage_meeting.id"], name=op.f("fk_usage_vote_meeting_id_usage_meeting")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_usage_vote_project_id_project")),
        sa.PrimaryKeyConstraint("meeting_id", "project_id", "account_id", name=op.f("pk_usage_vote")),
    )
    with op.batch_alter_table("usage_vote", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_usage_vote_project_id"), ["project_id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("since", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role in ('lead', 'member')", name=op.f("ck_membership_role")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_membership_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_membership_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "account_id", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_account_id"), ["account_id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("href", sa.String(length=200), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("once", sa.String(length=100), nullable=True),
        sa.Column("calendar", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_notice_account_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("account_id", "once", name=op.f("uq_notice_account_id")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_account_id_made_at", ["account_id", "made_at", "id"], unique=False)
        batch_op.create_index("ix_notice_account_id_read_at", ["account_id", "read_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_made_at"), ["made_at"], unique=False)

    op.create_table(
        "notice_digest",
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_notice_digest_account_id_people_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_notice_digest")),
    )
    op.create_table(
        "patient_key",
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("patient", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("forgotten_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_patient_key_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "patient", name=op.f("pk_patient_key")),
    )
    op.create_table(
        "people_account_role",
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_people_account_role_account_id_people_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "role", name=op.f("pk_people_account_role")),
    )
    op.create_table(
        "people_sign_in",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("opened_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_people_sign_in_account_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_sign_in")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_people_sign_in_secret_sha256")),
    )
    with op.batch_alter_table("people_sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_sign_in_account_id"), ["account_id"], unique=False)

    op.create_table(
        "people_token",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("created_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_people_token_account_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_token")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_people_token_secret_sha256")),
    )
    with op.batch_alter_table("people_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_token_account_id"), ["account_id"], unique=False)

    op.create_table(
        "project_barred",
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("since", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_project_barred_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_barred_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "account_id", name=op.f("pk_project_barred")),
    )
    op.create_table(
        "project_closure",
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("closed_by_id", sa.String(length=16), nullable=False),
        sa.Column("closed_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("outputs", sa.JSON(), nullable=False),
        sa.Column("destruction", sa.Text(), nullable=False),
        sa.Column("destroyed_on", sa.Date(), nullable=False),
        sa.Column("checked_by_id", sa.String(length=16), nullable=True),
        sa.Column("checked_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["checked_by_id"], ["people_account.id"], name=op.f("fk_project_closure_checked_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["people_account.id"], name=op.f("fk_project_closure_closed_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_closure_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_project_closure")),
    )
    op.create_table(
        "project_condition",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("set_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("reported_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('open', 'reported', 'done')", name=op.f("ck_project_condition_state")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_condition_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_condition")),
    )
    with op.batch_alter_table("project_condition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_condition_project_id"), ["project_id"], unique=False)

    op.create_table(
        "project_statement",
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("organisation_kind", sa.Text(), nullable=False),
        sa.Column("aim", sa.Text(), nullable=False),
        sa.Column("benefit", sa.Text(), nullable=False),
        sa.Column("commercial", sa.Text(), nullable=False),
        sa.Column("ethics", sa.Text(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("linkage", sa.Text(), nullable=False),
        sa.Column("setting", sa.Text(), nullable=False),
        sa.Column("access_type", sa.String(length=16), nullable=False),
        sa.Column("protection", sa.Text(), nullable=False),
        sa.Column("planned_outputs", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("applicants", sa.Text(), nullable=False),
        sa.Column("accredited", sa.Text(), nullable=False),
        sa.Column("funders", sa.Text(), nullable=False),
        sa.Column("technical_summary", sa.Text(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("sublicence", sa.Text(), nullable=False),
        sa.Column("legal_basis_6", sa.Text(), nullable=False),
        sa.Column("legal_basis_9", sa.Text(), nullable=False),
        sa.Column("approved_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_statement_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_project_statement")),
    )
    op.create_table(
        "reidentification",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("pseudonym", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("asked_by", sa.String(length=16), nullable=False),
        sa.Column("asked_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("allowed_by", sa.String(length=16), nullable=True),
        sa.Column("allowed_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("refused_by", sa.String(length=16), nullable=True),
        sa.Column("refused_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("allowed_by is null or allowed_by <> asked_by", name=op.f("ck_reidentification_two_people")),
        sa.ForeignKeyConstraint(
            ["allowed_by"], ["people_account.id"], name=op.f("fk_reidentification_allowed_by_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["people_account.id"], name=op.f("fk_reidentification_asked_by_people_account")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_reidentification_project_id_project")),
        sa.ForeignKeyConstraint(
            ["refused_by"], ["people_account.id"], name=op.f("fk_reidentification_refused_by_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reidentification")),
    )
    with op.batch_alter_table("reidentification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reidentification_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_reidentification_project_id"), ["project_id"], unique=False)

    op.create_table(
        "site_custodian",
        sa.Column("site_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("since", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_site_custodian_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_custodian_site_id_site")),
        sa.PrimaryKeyConstraint("site_id", "account_id", name=op.f("pk_site_custodian")),
    )
    with op.batch_alter_table("site_custodian", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_custodian_account_id"), ["account_id"], unique=False)

    op.create_table(
        "trail_cosignature",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["size"], ["trail_checkpoint.size"], name=op.f("fk_trail_cosignature_size_trail_checkpoint")
        ),
        sa.PrimaryKeyConstraint("size", "witness", name=op.f("pk_trail_cosignature")),
    )
    op.create_table(
        "trail_timestamp",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["size"], ["trail_checkpoint.size"], name=op.f("fk_trail_timestamp_size_trail_checkpoint")
        ),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_trail_timestamp")),
    )
    op.create_table(
        "trail_opening",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["trail_event.seq"], name=op.f("fk_trail_opening_seq_trail_event")),
        sa.PrimaryKeyConstraint("seq", "field", name=op.f("pk_trail_opening")),
    )
    op.create_table(
        "visa_evidence",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("iss", sa.String(length=255), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("said_by", sa.String(length=255), nullable=False),
        sa.Column("asserted_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_visa_evidence_account_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visa_evidence")),
        sa.UniqueConstraint(
            "account_id", "iss", "sub", "type", "value", "source", name=op.f("uq_visa_evidence_account_id")
        ),
    )
    with op.batch_alter_table("visa_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visa_evidence_iss"), ["iss"], unique=False)

    op.create_table(
        "access_grant_dataset",
        sa.Column("grant_id", sa.String(length=16), nullable=False),
        sa.Column("dataset_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["access_grant.id"], name=op.f("fk_access_grant_dataset_grant_id_access_grant")
        ),
        sa.PrimaryKeyConstraint("grant_id", "dataset_id", name=op.f("pk_access_grant_dataset")),
    )
    with op.batch_alter_table("access_grant_dataset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_grant_dataset_dataset_id"), ["dataset_id"], unique=False)

    op.create_table(
        "appeal",
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by_id", sa.String(length=16), nullable=True),
        sa.Column("decided_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.CheckConstraint("(state = 'waiting') = (decided_by_id is null)", name=op.f("ck_appeal_decided")),
        sa.CheckConstraint("state in ('waiting', 'allowed', 'dismissed')", name=op.f("ck_appeal_state")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_appeal_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["people_account.id"], name=op.f("fk_appeal_decided_by_id_people_account")
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_appeal")),
    )
    with op.batch_alter_table("appeal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeal_state"), ["state"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("redacted_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("redacted_by_id", sa.String(length=16), nullable=True),
        sa.Column("redacted_because", sa.Text(), nullable=False),
        sa.CheckConstraint("(redacted_at is null) = (redacted_by_id is null)", name=op.f("ck_attachment_redacted")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_attachment_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["redacted_by_id"], ["people_account.id"], name=op.f("fk_attachment_redacted_by_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_application_id"), ["application_id"], unique=False)

    op.create_table(
        "conflict_of_interest",
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("declared_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_conflict_of_interest_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_conflict_of_interest_application_id_application")
        ),
        sa.PrimaryKeyConstraint("application_id", "account_id", name=op.f("pk_conflict_of_interest")),
    )
    op.create_table(
        "destruction_order",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("because", sa.String(length=10), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("studies", sa.JSON(), nullable=False),
        sa.Column("instances", sa.JSON(), nullable=False),
        sa.Column("confirmed_by_id", sa.String(length=16), nullable=True),
        sa.Column("confirmed_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("destroyed_on", sa.Date(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.CheckConstraint("because in ('opt-out', 'consent', 'forgotten')", name=op.f("ck_destruction_order_because")),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["people_account.id"], name=op.f("fk_destruction_order_confirmed_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_destruction_order_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction_order")),
    )
    with op.batch_alter_table("destruction_order", schema=None) as batch_op:
        batch_op.create_index("ix_destruction_order_confirmed_at_made_at", ["confirmed_at", "made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_destruction_order_project_id"), ["project_id"], unique=False)

    op.create_table(
        "data_release",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("grant_id", sa.String(length=16), nullable=False),
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("built_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("consent_epoch", sa.Integer(), nullable=False),
        sa.Column("consent_sha256", sa.String(length=64), nullable=False),
        sa.Column("deid_policy", sa.String(length=100), nullable=False),
        sa.Column("deid_sha256", sa.String(length=64), nullable=False),
        sa.Column("pixels_sha256", sa.String(length=64), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("released", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Integer(), nullable=False),
        sa.CheckConstraint("state in ('listing', 'checking', 'sealed')", name=op.f("ck_data_release_state")),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], name=op.f("fk_data_release_grant_id_access_grant")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_data_release_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_release")),
        sa.UniqueConstraint("grant_id", name=op.f("uq_data_release_grant_id")),
    )
    with op.batch_alter_table("data_release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_data_release_project_id"), ["project_id"], unique=False)

    op.create_table(
        "dataset",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("archive_id", sa.String(length=16), nullable=False),
        sa.Column("site_id", sa.String(length=16), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("deid_policy", sa.String(length=100), nullable=False),
        sa.Column("added_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["archive_id"], ["archive.id"], name=op.f("fk_dataset_archive_id_archive")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_dataset_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint("slug", name=op.f("uq_dataset_slug")),
    )
    op.create_table(
        "decision",
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("decided_by_id", sa.String(length=16), nullable=False),
        sa.Column("decided_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("ends_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("form_sha256", sa.String(length=64), nullable=False),
        sa.Column("workflow_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "outcome in ('approved', 'approved-with-conditions', 'returned', 'rejected')",
            name=op.f("ck_decision_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_decision_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["people_account.id"], name=op.f("fk_decision_decided_by_id_people_account")
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_decision")),
    )
    op.create_table(
        "interest_declaration",
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("lead_id", sa.String(length=16), nullable=False),
        sa.Column("declared_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_interest_declaration_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_interest_declaration_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["people_account.id"], name=op.f("fk_interest_declaration_lead_id_people_account")
        ),
        sa.PrimaryKeyConstraint("application_id", "account_id", "lead_id", name=op.f("pk_interest_declaration")),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("accepted_by_id", sa.String(length=16), nullable=True),
        sa.Column("accepted_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["accepted_by_id"], ["people_account.id"], name=op.f("fk_invitation_accepted_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_invitation_application_id_application")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("application_id", "email", name=op.f("uq_invitation_application_id")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_invitation_secret_sha256")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_accepted_by_id"), ["accepted_by_id"], unique=False)

    op.create_table(
        "review",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("reviewer_id", sa.String(length=16), nullable=False),
        sa.Column("review_group", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.String(length=16), nullable=True),
        sa.Column("answered_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("recommendation", sa.String(length=32), nullable=True),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("conflict", sa.Text(), nullable=False),
        sa.CheckConstraint("(state = 'given') = (recommendation is not null)", name=op.f("ck_review_given")),
        sa.CheckConstraint(
            "recommendation is null or recommendation in ('approve', 'approve-with-conditions', 'return', 'reject')",
            name=op.f("ck_review_recommendation"),
        ),
        sa.CheckConstraint("state in ('waiting', 'given', 'stepped-aside')", name=op.f("ck_review_state")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_review_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["people_account.id"], name=op.f("fk_review_asked_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["people_account.id"], name=op.f("fk_review_reviewer_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("application_id", "reviewer_id", name=op.f("uq_review_application_id")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_reviewer_id"), ["reviewer_id"], unique=False)

    op.create_table(
        "site_consent",
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("site_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_by_id", sa.String(length=16), nullable=True),
        sa.Column("answered_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.CheckConstraint("(state = 'waiting') = (answered_by_id is null)", name=op.f("ck_site_consent_answered")),
        sa.CheckConstraint("state in ('waiting', 'agreed', 'declined')", name=op.f("ck_site_consent_state")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["people_account.id"], name=op.f("fk_site_consent_answered_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_site_consent_application_id_application")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_consent_site_id_site")),
        sa.PrimaryKeyConstraint("application_id", "site_id", name=op.f("pk_site_consent")),
    )
    op.create_table(
        "study",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("archive_id", sa.String(length=16), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["archive_id"], ["archive.id"], name=op.f("fk_study_archive_id_archive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("archive_id", "uid", name=op.f("uq_study_archive_id")),
    )
    with op.batch_alter_table("study", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_study_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_study_uid"), ["uid"], unique=False)

    op.create_table(
        "vote",
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("choice", sa.String(length=16), nullable=False),
        sa.Column("cast_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("choice in ('yes', 'no', 'abstain')", name=op.f("ck_vote_choice")),
        sa.ForeignKeyConstraint(["account_id"], ["people_account.id"], name=op.f("fk_vote_account_id_people_account")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_vote_application_id_application")
        ),
        sa.PrimaryKeyConstraint("application_id", "account_id", name=op.f("pk_vote")),
    )
    with op.batch_alter_table("vote", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_account_id"), ["account_id"], unique=False)

    op.create_table(
        "annotation",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("release_id", sa.String(length=16), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=16), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("geometry", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["people_account.id"], name=op.f("fk_annotation_made_by_people_account")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["data_release.id"], name=op.f("fk_annotation_release_id_data_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation")),
    )
    with op.batch_alter_table("annotation", schema=None) as batch_op:
        batch_op.create_index("ix_annotation_release_id_series_uid", ["release_id", "series_uid"], unique=False)

    op.create_table(
        "dataset_study",
        sa.Column("dataset_id", sa.String(length=16), nullable=False),
        sa.Column("study_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_dataset_study_dataset_id_dataset")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_dataset_study_study_id_study")),
        sa.PrimaryKeyConstraint("dataset_id", "study_id", name=op.f("pk_dataset_study")),
    )
    with op.batch_alter_table("dataset_study", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dataset_study_study_id"), ["study_id"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("release_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("destination", sa.String(length=500), nullable=False),
        sa.Column("begun_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("done_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_delivery_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(["release_id"], ["data_release.id"], name=op.f("fk_delivery_release_id_data_release")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_release_id"), ["release_id"], unique=False)

    op.create_table(
        "series",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("study_id", sa.String(length=16), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("modality", sa.String(length=16), nullable=False),
        sa.Column("body_part", sa.String(length=64), nullable=False),
        sa.Column("stain", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_series_study_id_study")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("study_id", "uid", name=op.f("uq_series_study_id")),
    )
    op.create_table(
        "delivered",
        sa.Column("delivery_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivered_delivery_id_delivery")),
        sa.PrimaryKeyConstraint("delivery_id", "name", name=op.f("pk_delivered")),
    )
    op.create_table(
        "delivery_band",
        sa.Column("delivery_id", sa.String(length=16), nullable=False),
        sa.Column("first", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.String(length=16), nullable=False),
        sa.Column("done_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_band_delivery_id_delivery")),
        sa.PrimaryKeyConstraint("delivery_id", "first", name=op.f("pk_delivery_band")),
    )
    op.create_table(
        "instance",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("archive_id", sa.String(length=16), nullable=False),
        sa.Column("series_id", sa.String(length=16), nullable=True),
        sa.Column("locator", sa.String(length=500), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("header_sha256", sa.String(length=64), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("sop_class", sa.String(length=64), nullable=False),
        sa.Column("image_type", sa.JSON(), nullable=False),
        sa.Column("modality", sa.String(length=16), nullable=False),
        sa.Column("transfer_syntax", sa.String(length=64), nullable=False),
        sa.Column("burned_in", sa.String(length=16), nullable=False),
        sa.Column("label_in_image", sa.String(length=16), nullable=False),
        sa.Column("manufacturer", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("instance_number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("total_columns", sa.Integer(), nullable=False),
        sa.Column("ground", sa.JSON(), nullable=True),
        sa.Column("frame_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("state in ('indexed', 'broken', 'gone')", name=op.f("ck_instance_state")),
        sa.ForeignKeyConstraint(["archive_id"], ["archive.id"], name=op.f("fk_instance_archive_id_archive")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_instance_series_id_series")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
        sa.UniqueConstraint("archive_id", "locator", name=op.f("uq_instance_archive_id")),
    )
    with op.batch_alter_table("instance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instance_series_id"), ["series_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_instance_uid"), ["uid"], unique=False)

    op.create_table(
        "frame_table",
        sa.Column("instance_id", sa.String(length=16), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_frame_table_instance_id_instance")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_frame_table")),
    )
    op.create_table(
        "screening",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("instance_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("rules_sha256", sa.String(length=64), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("fault", sa.String(length=60), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("replaced", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("screened_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state in ('clean', 'redacted', 'review', 'failed', 'withheld')", name=op.f("ck_screening_state")
        ),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_screening_instance_id_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
    )
    with op.batch_alter_table("screening", schema=None) as batch_op:
        batch_op.create_index("ix_screening_content_sha256", ["content_sha256"], unique=False)
        batch_op.create_index("ix_screening_instance_id_screened_at", ["instance_id", "screened_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_screening_state"), ["state"], unique=False)

    op.create_table(
        "manifest_entry",
        sa.Column("release_id", sa.String(length=16), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("undecided", sa.Boolean(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("flavour", sa.String(length=16), nullable=False),
        sa.Column("transfer_syntax", sa.String(length=64), nullable=False),
        sa.Column("frame_count", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("screening_id", sa.String(length=16), nullable=True),
        sa.Column("stand_in", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("refused_texts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_manifest_entry_instance_id_instance")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["data_release.id"], name=op.f("fk_manifest_entry_release_id_data_release")
        ),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screening.id"], name=op.f("fk_manifest_entry_screening_id_screening")
        ),
        sa.PrimaryKeyConstraint("release_id", "uid", name=op.f("pk_manifest_entry")),
    )
    with op.batch_alter_table("manifest_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_manifest_entry_in_order", ["release_id", "study_uid", "series_uid", "position"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_manifest_entry_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index("ix_manifest_entry_release_id_position", ["release_id", "position"], unique=False)
        batch_op.create_index("ix_manifest_entry_release_id_series_uid", ["release_id", "series_uid"], unique=False)
        batch_op.create_index("ix_manifest_entry_study_uid", ["study_uid"], unique=False)
        batch_op.create_index(
            "ix_manifest_entry_undecided", ["release_id", "position"], unique=False,
            sqlite_where=sa.text("undecided"), postgresql_where=sa.text("undecided"),
        )  # fmt: skip

    op.create_table(
        "screened_frame",
        sa.Column("screening_id", sa.String(length=16), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screening.id"], name=op.f("fk_screened_frame_screening_id_screening")
        ),
        sa.PrimaryKeyConstraint("screening_id", "frame", "part", name=op.f("pk_screened_frame")),
    )
    op.create_table(
        "screening_opinion",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("screening_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("boxes", sa.JSON(), nullable=False),
        sa.Column("given_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settles", sa.Boolean(), nullable=False),
        sa.CheckConstraint("decision in ('accept', 'redact', 'withhold')", name=op.f("ck_screening_opinion_decision")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_screening_opinion_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screening.id"], name=op.f("fk_screening_opinion_screening_id_screening")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_opinion")),
    )
    with op.batch_alter_table("screening_opinion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_screening_opinion_screening_id"), ["screening_id"], unique=False)
    op.create_table(
        "agreement_signature",
        sa.Column("project_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("agreement_sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("signed_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_agreement_signature_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_sha256"],
            ["agreement_text.sha256"],
            name=op.f("fk_agreement_signature_agreement_sha256_agreement_text"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_agreement_signature_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "account_id", "agreement_sha256", name=op.f("pk_agreement_signature")),
    )
    op.create_table(
        "training_certificate",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("ends_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("shown_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_by_id", sa.String(length=16), nullable=True),
        sa.Column("checked_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "(state = 'waiting') = (checked_by_id is null)", name=op.f("ck_training_certificate_checked")
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'accepted', 'refused', 'withdrawn')", name=op.f("ck_training_certificate_state")
        ),
        sa.CheckConstraint("taken_on < ends_on", name=op.f("ck_training_certificate_taken_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_training_certificate_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["checked_by_id"], ["people_account.id"], name=op.f("fk_training_certificate_checked_by_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_certificate")),
    )
    with op.batch_alter_table("training_certificate", schema=None) as batch_op:
        batch_op.create_index("ix_training_certificate_holder", ["account_id", "kind", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_training_certificate_state"), ["state"], unique=False)
    op.create_table(
        "committee_meeting",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("called_by_id", sa.String(length=16), nullable=False),
        sa.Column("called_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("starts_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("held_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "held_at is null or cancelled_at is null", name=op.f("ck_committee_meeting_held_or_cancelled")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_committee_meeting_starts_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["called_by_id"], ["people_account.id"], name=op.f("fk_committee_meeting_called_by_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_meeting")),
    )
    with op.batch_alter_table("committee_meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_committee_meeting_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "committee_agenda",
        sa.Column("meeting_id", sa.String(length=16), nullable=False),
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_committee_agenda_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["committee_meeting.id"], name=op.f("fk_committee_agenda_meeting_id_committee_meeting")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "application_id", name=op.f("pk_committee_agenda")),
    )
    with op.batch_alter_table("committee_agenda", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_committee_agenda_application_id"), ["application_id"], unique=False)

    op.create_table(
        "committee_attendance",
        sa.Column("meeting_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_committee_attendance_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["committee_meeting.id"], name=op.f("fk_committee_attendance_meeting_id_committee_meeting")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "account_id", name=op.f("pk_committee_attendance")),
    )
    with op.batch_alter_table("committee_attendance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_committee_attendance_account_id"), ["account_id"], unique=False)
    guards.install(op.get_bind())
    changes.install(op.get_bind())
    op.create_table(
        "hand_over",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("from_id", sa.String(length=16), nullable=False),
        sa.Column("to_id", sa.String(length=16), nullable=False),
        sa.Column("proposed_by_id", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("answered_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'waiting') = (answered_at is null)", name=op.f("ck_hand_over_answered")),
        sa.CheckConstraint(
            "state in ('waiting', 'accepted', 'declined', 'taken-back')", name=op.f("ck_hand_over_state")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_hand_over_application_id_application")
        ),
        sa.ForeignKeyConstraint(["from_id"], ["people_account.id"], name=op.f("fk_hand_over_from_id_people_account")),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["people_account.id"], name=op.f("fk_hand_over_proposed_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(["to_id"], ["people_account.id"], name=op.f("fk_hand_over_to_id_people_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
    )
    with op.batch_alter_table("hand_over", schema=None) as batch_op:
        batch_op.create_index(
            "ix_hand_over_application_id_proposed_at", ["application_id", "proposed_at"], unique=False
        )
        batch_op.create_index(
            "ix_hand_over_waiting",
            ["application_id"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "remark",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("application_id", sa.String(length=16), nullable=False),
        sa.Column("by_id", sa.String(length=16), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("audience in ('committee', 'applicants')", name=op.f("ck_remark_audience")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_remark_application_id_application")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["people_account.id"], name=op.f("fk_remark_by_id_people_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remark")),
    )
    with op.batch_alter_table("remark", schema=None) as batch_op:
        batch_op.create_index("ix_remark_application_id_made_at", ["application_id", "made_at"], unique=False)

    op.create_table(
        "dataset_block",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("dataset_id", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.String(length=16), nullable=False),
        sa.Column("made_at", gateway.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", gateway.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.String(length=16), nullable=True),
        sa.Column("lifted_because", sa.Text(), nullable=False),
        sa.CheckConstraint("(lifted_at is null) = (lifted_by_id is null)", name=op.f("ck_dataset_block_lifted")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["people_account.id"], name=op.f("fk_dataset_block_account_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"], ["people_account.id"], name=op.f("fk_dataset_block_lifted_by_id_people_account")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["people_account.id"], name=op.f("fk_dataset_block_made_by_id_people_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_block")),
    )
    with op.batch_alter_table("dataset_block", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dataset_block_dataset_id"), ["dataset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_dataset_block_made_at"), ["made_at"], unique=False)

    triggers.install(op.get_bind(), keeping.REFUSALS)
    triggers.install(op.get_bind(), meeting_keeping.REFUSALS)
    triggers.install(op.get_bind(), barring.REFUSALS)
    triggers.install(op.get_bind(), holding.REFUSALS)


def downgrade() -> None:
    guards.remove(op.get_bind())
    changes.remove(op.get_bind())
    triggers.remove(op.get_bind(), keeping.REFUSALS)
    triggers.remove(op.get_bind(), meeting_keeping.REFUSALS)
    triggers.remove(op.get_bind(), barring.REFUSALS)
    triggers.remove(op.get_bind(), holding.REFUSALS)
    with op.batch_alter_table("dataset_block", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dataset_block_made_at"))
        batch_op.drop_index(batch_op.f("ix_dataset_block_dataset_id"))

    op.drop_table("dataset_block")
    with op.batch_alter_table("remark", schema=None) as batch_op:
        batch_op.drop_index("ix_remark_application_id_made_at")

    op.drop_table("remark")
    with op.batch_alter_table("hand_over", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_hand_over_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index("ix_hand_over_application_id_proposed_at")

    op.drop_table("hand_over")
    with op.batch_alter_table("committee_attendance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_committee_attendance_account_id"))

    op.drop_table("committee_attendance")
    with op.batch_alter_table("committee_agenda", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_committee_agenda_application_id"))

    op.drop_table("committee_agenda")
    with op.batch_alter_table("committee_meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_committee_meeting_starts_at"))

    op.drop_table("committee_meeting")
    with op.batch_alter_table("training_certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_certificate_state"))
        batch_op.drop_index("ix_training_certificate_holder")

    op.drop_table("training_certificate")
    op.drop_table("agreement_signature")
    with op.batch_alter_table("screening_opinion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_screening_opinion_screening_id"))

    op.drop_table("screening_opinion")
    op.drop_table("screened_frame")
    with op.batch_alter_table("manifest_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_manifest_entry_undecided", sqlite_where=sa.text("undecided"), postgresql_where=sa.text("undecided")
        )
        batch_op.drop_index("ix_manifest_entry_study_uid")
        batch_op.drop_index("ix_manifest_entry_release_id_series_uid")
        batch_op.drop_index("ix_manifest_entry_release_id_position")
        batch_op.drop_index(batch_op.f("ix_manifest_entry_instance_id"))
        batch_op.drop_index("ix_manifest_entry_in_order")

    op.drop_table("manifest_entry")
    with op.batch_alter_table("screening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_screening_state"))
        batch_op.drop_index("ix_screening_instance_id_screened_at")
        batch_op.drop_index("ix_screening_content_sha256")

    op.drop_table("screening")
    op.drop_table("frame_table")
    with op.batch_alter_table("instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instance_uid"))
        batch_op.drop_index(batch_op.f("ix_instance_series_id"))

    op.drop_table("instance")
    op.drop_table("delivery_band")
    op.drop_table("delivered")
    op.drop_table("series")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_release_id"))

    op.drop_table("delivery")
    with op.batch_alter_table("dataset_study", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dataset_study_study_id"))

    op.drop_table("dataset_study")
    with op.batch_alter_table("annotation", schema=None) as batch_op:
        batch_op.drop_index("ix_annotation_release_id_series_uid")

    op.drop_table("annotation")
    with op.batch_alter_table("vote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vote_account_id"))

    op.drop_table("vote")
    with op.batch_alter_table("study", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_study_uid"))
        batch_op.drop_index(batch_op.f("ix_study_patient_id"))

    op.drop_table("study")
    op.drop_table("site_consent")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_reviewer_id"))

    op.drop_table("review")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_accepted_by_id"))

    op.drop_table("invitation")
    op.drop_table("decision")
    op.drop_table("dataset")
    with op.batch_alter_table("data_release", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_data_release_project_id"))

    op.drop_table("data_release")
    with op.batch_alter_table("destruction_order", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_destruction_order_project_id"))
        batch_op.drop_index("ix_destruction_order_confirmed_at_made_at")

    op.drop_table("destruction_order")
    op.drop_table("interest_declaration")
    op.drop_table("conflict_of_interest")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_application_id"))

    op.drop_table("attachment")
    with op.batch_alter_table("appeal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appeal_state"))

    op.drop_table("appeal")
    with op.batch_alter_table("access_grant_dataset", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_grant_dataset_dataset_id"))

    op.drop_table("access_grant_dataset")
    with op.batch_alter_table("visa_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visa_evidence_iss"))

    op.drop_table("visa_evidence")
    op.drop_table("trail_opening")
    op.drop_table("trail_timestamp")
    op.drop_table("trail_cosignature")
    with op.batch_alter_table("site_custodian", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_site_custodian_account_id"))

    op.drop_table("site_custodian")
    with op.batch_alter_table("reidentification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reidentification_project_id"))
        batch_op.drop_index(batch_op.f("ix_reidentification_expires_at"))

    op.drop_table("reidentification")
    op.drop_table("project_statement")
    with op.batch_alter_table("project_condition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_condition_project_id"))

    op.drop_table("project_condition")
    op.drop_table("project_closure")
    op.drop_table("project_barred")
    with op.batch_alter_table("people_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_token_account_id"))

    op.drop_table("people_token")
    with op.batch_alter_table("people_sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_sign_in_account_id"))

    op.drop_table("people_sign_in")
    op.drop_table("people_account_role")
    op.drop_table("patient_key")
    op.drop_table("notice_digest")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_made_at"))
        batch_op.drop_index("ix_notice_account_id_read_at")
        batch_op.drop_index("ix_notice_account_id_made_at")

    op.drop_table("notice")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_account_id"))

    op.drop_table("membership")
    with op.batch_alter_table("usage_vote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_usage_vote_project_id"))

    op.drop_table("usage_vote")
    with op.batch_alter_table("usage_meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_usage_meeting_held_on"))

    op.drop_table("usage_meeting")
    with op.batch_alter_table("concern", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_concern_state"))
        batch_op.drop_index(batch_op.f("ix_concern_project_id"))

    op.drop_table("concern")
    op.drop_table("archive")
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_index("ix_application_state")
        batch_op.drop_index("ix_application_newest")
        batch_op.drop_index(batch_op.f("ix_application_external_id"))
        batch_op.drop_index(batch_op.f("ix_application_project_id"))
        batch_op.drop_index(batch_op.f("ix_application_changes_id"))
        batch_op.drop_index(batch_op.f("ix_application_applicant_id"))

    op.drop_table("application")
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_grant_project_id"))

    op.drop_table("access_grant")
    op.drop_table("agreement_text")
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.drop_index("ix_work_item_state_not_before")

    op.drop_table("work_item")
    op.drop_table("webhook")
    op.drop_table("trail_tile")
    op.drop_table("trail_signing_key")
    op.drop_table("trail_pulse")
    with op.batch_alter_table("trail_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trail_event_subject"))
        batch_op.drop_index("ix_trail_event_site_seq")
        batch_op.drop_index("ix_trail_event_release_seq")
        batch_op.drop_index("ix_trail_event_project_pseq")
        batch_op.drop_index(batch_op.f("ix_trail_event_lease_seq"))
        batch_op.drop_index("ix_trail_event_instance_action_seq")
        batch_op.drop_index(batch_op.f("ix_trail_event_at"))
        batch_op.drop_index("ix_trail_event_actor_seq")
        batch_op.drop_index("ix_trail_event_action_seq")

    op.drop_table("trail_event")
    op.drop_table("trail_checkpoint")
    op.drop_table("site")
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_created_at"))

    op.drop_table("project")
    op.drop_table("policy_text")
    with op.batch_alter_table("people_request_taken", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_request_taken_taken_at"))

    op.drop_table("people_request_taken")
    with op.batch_alter_table("people_account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_account_name"))

    op.drop_table("people_account")
    with op.batch_alter_table("patient_consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patient_consent_starts_at"))
        batch_op.drop_index(batch_op.f("ix_patient_consent_site"))
        batch_op.drop_index(batch_op.f("ix_patient_consent_ends_at"))

    op.drop_table("patient_consent")
    with op.batch_alter_table("opt_out", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opt_out_list_name"))

    op.drop_table("opt_out")
    op.drop_table("opt_out_list")
    op.drop_table("data_key")
    op.drop_table("consent_epoch")
    op.drop_table("access_change")
