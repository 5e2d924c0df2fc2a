"""The commands of the page: opening it, and who may come in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag.options import common_options, index_options, opened
from rag.printing import say

if TYPE_CHECKING:
    from web.users import Kind, Users


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; a free one from 7860 on unless given.")
@click.option(
    "--first-folder", type=click.Path(path_type=Path), help="Index this folder first, if nothing is indexed yet."
)
@click.option("--served-as", "names", multiple=True, metavar="NAME[/PATH]", help="A host name by which others call it.")
@click.option("--proxy-header", metavar="HEADER", help="The header in which a trusted proxy names the reader.")
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    default=["127.0.0.1", "::1"],
    show_default=True,
    help="Where that proxy connects from: an address, or a network like 10.0.0.0/8.",
)
@click.option(
    "--forwarded-by",
    "forwarders",
    multiple=True,
    metavar="ADDRESS",
    help="A proxy that puts the reader's address at the end of X-Forwarded-For.",
)
@click.option(
    "--questions-per-minute",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How many one reader may ask; 0: as many as they like.",
)
@click.option("--watch/--no-watch", default=True, help="Keep the index equal to its folder meanwhile (the default).")
@common_options
@index_options
def ui(
    host: str,
    port: int | None,
    first_folder: Path | None,
    names: tuple[str, ...],
    proxy_header: str | None,
    proxies: tuple[str, ...],
    forwarders: tuple[str, ...],
    questions_per_minute: int,
    watch: bool,
    **chosen: Any,
) -> None:
    """Open the chat in the browser."""
    from index.errors import IndexMissing
    from ui import serve
    from web.access import served_as, trusted
    from web.addresses import networks

    asked: dict[str, Any] = {"questions_per_minute": questions_per_minute, "watch": watch}
    asked |= {"names": served_as(names), "forwarders": networks("--forwarded-by", forwarders)}
    asked |= {"proxy": trusted(proxy_header, proxies) if proxy_header else None}
    with opened(**chosen) as assistant:
        try:
            assistant.articles.counts()
        except IndexMissing:
            if first_folder is None:
                raise
            from rag.terminal import count_progress, show_report

            with count_progress("Indexing") as progress:
                show_report(assistant.index(first_folder, progress=progress))
        assistant.choice  # noqa: B018  an engine that was asked for by name, and is not there, is told of here
        serve(assistant, host, port, **asked)


def _access(data_dir: Path | None) -> Users:
    from rag.settings import Settings
    from web.users import Users

    return Users(Settings.load({"data_dir": data_dir}).data_dir / "access.db")


_where = click.option("--data-dir", type=click.Path(path_type=Path), help="Where the index lives.")


@click.group()
def user() -> None:
    """Who may log in to the page: with users, nobody else comes in."""


@user.command("add")
@click.argument("name")
@_where
@click.password_option()
def add_user(name: str, data_dir: Path | None, password: str) -> None:
    """Add the user NAME, or give them a new password."""
    _access(data_dir).add(name, password)
    say(f"{name} can log in now.")


@click.group()
def token() -> None:
    """Which programs may ask where users must log in."""


@token.command("add")
@click.argument("name")
@_where
def add_token(name: str, data_dir: Path | None) -> None:
    """Print a new token for the program NAME. It is shown this once."""
    say(_access(data_dir).add_token(name))


def _list_and_remove(group: click.Group, kind: Kind) -> None:
    @group.command("list")
    @_where
    def list_names(data_dir: Path | None) -> None:
        """The names, a line each."""
        for name in _access(data_dir).names(kind):
            say(name)

    @group.command()
    @click.argument("name")
    @_where
    def remove(name: str, data_dir: Path | None) -> None:
        """Shut NAME out."""
        _access(data_dir).remove(kind, name)
        say(f"{name} is shut out.")


_list_and_remove(user, "user")
_list_and_remove(token, "token")
