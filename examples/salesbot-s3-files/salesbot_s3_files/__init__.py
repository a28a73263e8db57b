"""Hands over files from S3-compatible storage: big ones too, by links that end and are made anew."""

from datetime import timedelta

import click
from flask.cli import AppGroup

from salesbot import Card, Delivered, NeedsStaff, Periodic, Setting, hookimpl, translator
from salesbot_s3_files import checks, storage
from salesbot_s3_files.admin import StoragePage
from salesbot_s3_files.pages import KIND, address_of, blueprint

_ = translator(__name__)

commands = AppGroup("s3-files", help="Files in S3-compatible storage.")


@hookimpl
def salesbot_settings():
    return [
        Setting("s3_endpoint", "Address of the storage; nothing for Amazon's own"),
        Setting("s3_region", "Its region", default="us-east-1"),
        Setting("s3_bucket", "Name of the bucket"),
        Setting("s3_access_key", "Access key, with the right to read and to list"),
        Setting("s3_secret_key", "Its secret key", secret=True),
        Setting("s3_link_minutes", "Minutes for which a download may be begun", default="60"),
    ]


@hookimpl
def salesbot_deliver(unit):
    """The page of a file that is there; it is looked for, so that nobody gets a page of nothing."""
    if unit.kind != KIND:
        return None
    try:
        size = storage.size_of(storage.file_of(unit.options))
    except storage.Wrong as exc:
        return NeedsStaff(str(exc))
    return Delivered(
        text=_("Its size is {size}.").format(size=storage.in_words(size)), link=address_of(unit.key)
    )


@hookimpl
def salesbot_register_blueprints(app):
    app.register_blueprint(blueprint)


@hookimpl
def salesbot_migrations():
    return "migrations"


@hookimpl
def salesbot_periodic_jobs():
    return Periodic("s3_files:check", every=timedelta(hours=1))


@hookimpl
def salesbot_run_job(job):
    """Every hour, and when staff ask for it: the storage may take its time here."""
    checks.keep(checks.look())


@hookimpl
def salesbot_home_cards():
    problems = checks.latest().problems
    if not problems:
        return None
    return Card("Files in storage", f"{len(problems)} to put right", url="/admin/s3-files/", urgent=True)


@hookimpl
def salesbot_register_admin_views(admin):
    admin.add_view(StoragePage())


@hookimpl
def salesbot_register_commands(cli):
    cli.add_command(commands)


@commands.command()
def check():
    """Look whether the storage answers, and whether each product's file is there."""
    problems = checks.look()
    for problem in problems:
        click.echo(problem)
    if problems:
        raise SystemExit(1)
    click.echo("The storage answers, and each product's file is there.")
