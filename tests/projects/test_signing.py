"""What a member brings: a signature under the text of the grant, and training that still counts."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from gateway.db import reading, transaction
from gateway.errors import Invalid
from gateway.governance import deciding
from gateway.notices.models import Kind, Notice
from gateway.people.models import Account
from gateway.people.reaffirming import Reaffirmed
from gateway.projects import commands, grant_changes, grants, readiness, training
from gateway.projects.agreement import BadAgreement, in_force, parse_agreement
from gateway.projects.conditions import NotOnProject
from gateway.projects.models import Certificate, Grant, Signature
from gateway.projects.signing import AnotherText, NotYourName, sign
from gateway.projects.training_ending import remind_of_training
from gateway.trail.models import Event
from gateway.trail.record import SYSTEM
from tests.governance.cast import (
    DAY,
    MORNING,
    a_certificate,
    a_project,
    an_account,
    database,
    made_ready,
    one_to_decide,
    signed,
    the_cast,
    trained,
)

pytestmark = pytest.mark.usefixtures("fresh_database")
fresh_database = pytest.fixture(database)


@pytest.fixture
def db(fresh_database):
    with transaction() as db:
        yield db


@pytest.fixture
def cast(db):
    return the_cast(db)


@pytest.fixture
def grant(db, cast):
    """Approved just now, and nobody has signed."""
    application = one_to_decide(db, cast)
    return deciding.approve(db, by=cast.chair, application=application, ends=MORNING + 90 * DAY, now=MORNING)


def admit(db, account, grant, moment=MORNING):
    return grants.admit(db, account_id=account.id, grant_id=grant.id, now=moment)


def signing(db, account, grant, **changes):
    told = {"agreement": in_force().sha256, "name": account.name, "now": MORNING} | changes
    return sign(db, owner=Reaffirmed(account.id), project=grant.project, **told)


def test_an_approval_admits_nobody_who_has_not_signed_and_nobody_for_another(db, cast, grant):
    with pytest.raises(readiness.NotSigned):
        admit(db, cast.applicant, grant)
    trained(db, cast.applicant)
    trained(db, cast.colleague)
    signed(db, cast.applicant, grant.project)
    assert admit(db, cast.applicant, grant)
    with pytest.raises(readiness.NotSigned):
        admit(db, cast.colleague, grant)


def test_a_signature_without_training_that_a_steward_accepted_admits_nobody(db, cast, grant):
    signed(db, cast.applicant, grant.project)
    with pytest.raises(readiness.Untrained):
        admit(db, cast.applicant, grant)
    certificate = a_certificate(db, cast.applicant)
    with pytest.raises(readiness.Untrained):
        admit(db, cast.applicant, grant)
    training.refuse(db, by=cast.steward, certificate=certificate, remark="Not found", now=MORNING)
    with pytest.raises(readiness.Untrained):
        admit(db, cast.applicant, grant)


def test_access_ends_with_the_training_and_goes_on_with_a_new_certificate(db, cast, grant):
    signed(db, cast.applicant, grant.project)
    certificate = trained(db, cast.applicant, days=10)
    passed = admit(db, cast.applicant, grant)
    assert passed.ends_at == certificate.ends_at < grant.ends_at
    assert admit(db, cast.applicant, grant, certificate.ends_at - timedelta(microseconds=1))
    with pytest.raises(readiness.TrainingEnded) as refusal:
        admit(db, cast.applicant, grant, certificate.ends_at)
    assert "run out" in refusal.value.message
    trained(db, cast.applicant, days=50)
    assert admit(db, cast.applicant, grant, certificate.ends_at)


def test_a_certificate_that_is_withdrawn_stops_access(db, cast, grant):
    made_ready(db, grant.project)
    certificate = db.query(Certificate).filter_by(account_id=cast.applicant.id).one()
    assert admit(db, cast.applicant, grant)
    training.withdraw(db, by=cast.steward, certificate=certificate, remark="A forgery", now=MORNING)
    with pytest.raises(readiness.Untrained):
        admit(db, cast.applicant, grant)
    assert admit(db, cast.colleague, grant)


def test_only_a_member_signs_under_their_own_name_and_the_text_that_is_asked_for(db, cast, grant):
    with pytest.raises(NotOnProject):
        signing(db, cast.steward, grant)
    with pytest.raises(NotYourName):
        signing(db, cast.applicant, grant, name="Ben")
    with pytest.raises(AnotherText):
        signing(db, cast.applicant, grant, agreement="0" * 64)
    one, two = signing(db, cast.applicant, grant, name="  ADA "), signing(db, cast.applicant, grant)
    assert one is two
    events = db.query(Event).filter_by(action="agreement.signed").all()
    assert [each.project for each in events] == [grant.project_id]
    assert in_force().sha256 in events[0].body
    assert "Ada" not in events[0].body


def test_nobody_accepts_their_own_training_or_that_of_somebody_on_a_project_with_them(db, cast, grant):
    certificate = a_certificate(db, cast.applicant)
    for wrong in (cast.applicant, cast.colleague):
        with pytest.raises(training.NotYours):
            training.accept(db, by=wrong, certificate=certificate, now=MORNING)
    training.accept(db, by=cast.steward, certificate=certificate, now=MORNING)
    with pytest.raises(training.MovedOn):
        training.refuse(db, by=cast.steward, certificate=certificate, remark="No", now=MORNING)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "cookery"},
        {"taken_on": (MORNING + DAY).date()},
        {"taken_on": (MORNING - 9 * DAY).date(), "ends_on": (MORNING - DAY).date()},
        {"ends_on": (MORNING + 2000 * DAY).date()},
    ],
)
def test_a_certificate_that_could_never_count_is_not_taken(db, wrong):
    told = {"kind": "research-data", "provider": "X", "taken_on": MORNING.date(), "ends_on": (MORNING + DAY).date()}
    with pytest.raises(training.BadCertificate):
        training.show(db, by=an_account(db, "Ada"), now=MORNING, **(told | wrong))


def test_a_no_to_a_certificate_has_its_reason(db, cast):
    certificate = a_certificate(db, cast.applicant)
    with pytest.raises(Invalid):
        training.refuse(db, by=cast.steward, certificate=certificate, remark=" ", now=MORNING)


def test_a_renewal_asks_for_the_text_of_its_day(db, cast, grant):
    made_ready(db, grant.project)
    newer = parse_agreement(in_force().source.replace("version = 1", "version = 2"))
    needs = readiness.keep(db, agreement=newer, now=MORNING)
    grant_changes.extend(db, by=SYSTEM, grant=grant, ends=MORNING + 200 * DAY, needs=needs, now=MORNING)
    with pytest.raises(readiness.NotSigned):
        admit(db, cast.applicant, grant)
    missing = readiness.lacks(db, project_id=grant.project_id, account_id=cast.applicant.id, now=MORNING)
    assert [each.version for each in missing.agreements] == [2]
    signing(db, cast.applicant, grant, agreement=newer.sha256)
    assert admit(db, cast.applicant, grant)
    assert db.query(Signature).filter_by(account_id=cast.applicant.id).count() == 2


def test_everybody_on_the_project_is_asked_to_sign_once_and_so_is_who_comes_later(db, cast, grant):
    nia = an_account(db, "Nia")
    commands.add_member(db, by=SYSTEM, project=grant.project, account=nia, now=MORNING)
    asked = [each.account.name for each in db.query(Notice).filter_by(kind=Kind.SIGN)]
    assert sorted(asked) == ["Ada", "Ben", "Nia"]


def test_whoever_needs_the_training_is_reminded_before_it_ends_and_told_when_it_has(db, cast, grant):
    signed(db, cast.applicant, grant.project)
    certificate = trained(db, cast.applicant, days=60)
    trained(db, an_account(db, "Eve"), days=60)  # on no project
    db.query(Notice).delete()
    ends = certificate.ends_at
    for moment in (MORNING, ends - 30 * DAY, ends - 29 * DAY, ends - 7 * DAY, ends, ends + DAY):
        remind_of_training(db, now=moment)
    told = db.query(Notice).filter_by(kind=Kind.TRAINING).order_by(Notice.made_at).all()
    assert {each.account_id for each in told} == {cast.applicant.id}
    assert [each.made_at for each in told] == [ends - 30 * DAY, ends - 7 * DAY, ends]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE agreement_text SET source = 'anything'",
        "DELETE FROM agreement_signature",
        "UPDATE agreement_signature SET signed_at = '2020-01-01'",
        "INSERT INTO agreement_signature SELECT project_id, 'nobody', agreement_sha256, 'x', signed_at "
        "FROM agreement_signature LIMIT 1",
        "UPDATE training_certificate SET ends_at = '2099-01-01'",
        "UPDATE training_certificate SET state = 'waiting', checked_by_id = NULL",
        "UPDATE training_certificate SET state = 'accepted', checked_by_id = account_id WHERE state = 'waiting'",
        "DELETE FROM training_certificate",
        "UPDATE access_grant SET agreement_sha256 = NULL",
    ],
)
def test_the_database_itself_refuses_to_unsay_it(db, cast, grant, statement):
    made_ready(db, grant.project)
    a_certificate(db, cast.colleague)
    db.flush()
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(text(statement))


def test_the_database_knows_no_grant_of_an_approved_project_without_an_agreement(db, cast, grant):
    told = {"datasets": ["d"], "starts": MORNING, "ends": MORNING + DAY, "deid_policy": "x", "now": MORNING}
    with pytest.raises(IntegrityError), db.begin_nested():
        grants.issue(db, by=SYSTEM, project=grant.project, needs=readiness.NOTHING, **told)
    free = a_project(db, lead=an_account(db, "Eve"))
    assert grants.issue(db, by=SYSTEM, project=free, needs=readiness.NOTHING, **told)


@pytest.mark.parametrize(
    "broken",
    [
        "name = 'x'",
        "not toml",
        "name='x'\nversion=1\ntitle='T'\nclause=[]",
        "name='x'\nversion=1\ntitle='T'\nclause=[{title='a', text='b'}]\nfine='print'",
        "name='x'\nversion=1\ntitle='T'\nclause=[{title='a', text='b'}]\n"
        "training=[{key='a', title='A', about='', days=0}]",
    ],
)
def test_a_broken_agreement_is_refused_when_it_is_read(broken):
    with pytest.raises(BadAgreement):
        parse_agreement(broken)


def test_the_grant_names_what_was_asked_on_its_day(db, cast, grant):
    assert (grant.agreement_sha256, grant.training) == (in_force().sha256, ["research-data"])
    issued = db.query(Event).filter_by(action="grant.issued").one()
    assert in_force().sha256 in issued.body
    with reading() as other:
        assert other.query(Grant).count() == 0  # nothing is kept before the door commits
        assert other.query(Account).count() == 0
