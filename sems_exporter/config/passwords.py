"""Where the password comes from, in what order, and whether others can read it there."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from sems_exporter.errors import SettingError
from sems_exporter.files import read_bounded
from sems_exporter.telemetry.redaction import Secret

VARIABLE = "SEMS_PASSWORD"
"""In lower case it names the credential of systemd and the secret of a container."""
CONTAINER_SECRETS = Path("/run/secrets")
LARGEST = 4096
"""Bytes of a password file; whatever is larger is some other file."""


def password(
    values: Mapping[str, object], in_file: object, environ: Mapping[str, str], variable: str = VARIABLE
) -> Secret:
    """The password, from the first of its places that has one; raises SettingError.

    The file that `password_file` names, the credential that systemd hands over, the secret of a container, the
    environment, and last `in_file`, which is what the configuration file says. `variable` is that of the environment;
    in lower case it is the name of credential and secret.
    """
    if path := values.get("password_file"):
        return from_file("password_file", Path(str(path)))
    for place in _handed_over(environ, variable.lower()):
        if _is_there(place):
            return from_file("password", place)
    if text := environ.get(variable):
        return Secret(sendable("password", text))
    if isinstance(in_file, Secret) and in_file:
        return Secret(sendable("password", in_file.reveal()), in_file.source)
    where = "SEMS_PASSWORD_FILE (or --password-file)" if variable == VARIABLE else "password_file"
    raise SettingError("password", f"missing; set {where} to a file with it, or {variable}")


def _handed_over(environ: Mapping[str, str], name: str) -> list[Path]:
    """Name the places where the surroundings may have put the password without being asked."""
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    return [*([Path(credentials) / name] if credentials else []), CONTAINER_SECRETS / name]


def _is_there(place: Path) -> bool:
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # Perhaps it is, where we cannot look; reading it will tell why not.
        return True
    return True


def from_file(key: str, path: Path) -> Secret:
    """The password that is all there is in the file at `path`; raises SettingError for `key`."""
    try:
        # Editors of Windows begin a file with a mark that is no part of the text.
        text = read_bounded(path, LARGEST).decode("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        if not path.is_absolute() and not os.path.lexists(path):
            # Not repeated: some take this for the place of the password itself.
            raise SettingError(key, "names no file; it takes the path of one, not the password itself") from None
        raise SettingError(key, f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingError(key, f"{path} is not UTF-8 text") from None
    if not text:
        raise SettingError(key, f"{path} is empty")
    return Secret(sendable(key, text, f"{path} "), path)


def sendable(key: str, text: str, place: str = "") -> str:
    """`text`, if it can be the account or the password; raises SettingError for `key` otherwise.

    What nobody can type into the portal's form was meant otherwise, and each try of it would count as a rejection.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SettingError(key, f"{place}is not UTF-8 text") from None
    if not text.strip():
        raise SettingError(key, f"{place}is nothing but blanks")
    if any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in text):
        raise SettingError(
            key, f"{place}holds a line break or another control character; it has to be one line of text"
        )
    return text


def exposure(secret: Secret) -> str:
    """Say what is wrong with the file that `secret` was read from; "" if nothing is.

    No complaint about what systemd or a container's engine has put there: its mode is theirs to choose, and who cannot
    enter the container cannot read it.
    """
    path = secret.source
    if path is None or os.name != "posix" or _is_handed_over(path):
        return ""
    try:
        others = _open_to(path.resolve(strict=True))
    except OSError:
        return ""
    can = [word for word, bits in (("read", 0o044), ("written", 0o022)) if others & bits]
    if not can:
        return ""
    return f"{path} holds the password and can be {' and '.join(can)} by other users; chmod 600 {path}"


def _is_handed_over(path: Path) -> bool:
    places = [CONTAINER_SECRETS.resolve(), *(Path(text) for text in [os.environ.get("CREDENTIALS_DIRECTORY")] if text)]
    return any(path.resolve().is_relative_to(place) or path.is_relative_to(place) for place in places)


def _open_to(path: Path) -> int:
    """The bits of the file's mode that let others in."""
    if any(not folder.stat().st_mode & 0o011 for folder in path.parents):
        return 0
    found = path.stat()
    bits = stat.S_IMODE(found.st_mode) & 0o066
    # Another user's file that we read as a member of its group is meant to be shared in that way.
    return bits & ~0o040 if found.st_uid != os.geteuid() and found.st_gid in {os.getegid(), *os.getgroups()} else bits
