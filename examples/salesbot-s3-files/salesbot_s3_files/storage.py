"""The bucket: whether a file is in it, and an address that opens it for a while."""

from contextlib import contextmanager
from functools import lru_cache
from urllib.parse import quote

from salesbot import setting

LONGEST = 7 * 24 * 60
"""Minutes; no signature of S3 is good for longer."""
_REFUSED = {
    "InvalidAccessKeyId": "the storage does not know this access key",
    "SignatureDoesNotMatch": "the secret key does not fit the access key",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "NoSuchBucket": "there is no bucket of this name",
    "PermanentRedirect": "the bucket is in another region",
    "AuthorizationHeaderMalformed": "the bucket is in another region",
    "AccessDenied": "the access key has no right to look into the bucket",
}


class Wrong(Exception):
    """Something that only staff can put right, in their words."""


class Away(ConnectionError):
    """The storage does not answer; salesbot asks again later."""


def file_of(options):
    """The name of a product's file in the bucket, as its options say it."""
    name = options.get("file")
    if not isinstance(name, str) or not name.strip("/ "):
        raise Wrong('the product\'s options name no file, such as {"file": "books/one.pdf"}')
    return name


def size_of(name):
    """The bytes of a file in the bucket."""
    with _told(f"there is no file “{name}” in the bucket"):
        return _client().head_object(Bucket=_bucket(), Key=name)["ContentLength"]


def look_inside():
    """Nothing, when the bucket can be listed; Wrong or Away else."""
    with _told(_REFUSED["NoSuchBucket"]):
        _client().list_objects_v2(Bucket=_bucket(), MaxKeys=1)


def address_of(name):
    """Where anybody can begin to load a file for some minutes. Made on this machine; nobody is asked."""
    saved_as = quote(name.rstrip("/").rpartition("/")[2], safe="")
    with _told(""):
        return _client().generate_presigned_url(
            "get_object",
            Params={
                "Bucket": _bucket(),
                "Key": name,
                "ResponseContentDisposition": f"attachment; filename*=UTF-8''{saved_as}",
            },
            ExpiresIn=round(minutes() * 60),
        )


def minutes():
    """For how long an address is good."""
    typed = setting("s3_link_minutes")
    if not typed.isdecimal() or not 1 <= int(typed) <= LONGEST:
        raise Wrong(f"the minutes of a link are a whole number from 1 to {LONGEST}, not “{typed}”")
    return int(typed)


def in_words(size):
    """Bytes as people say them: "940 KB", "1.2 GB"."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def _bucket():
    if not setting("s3_bucket"):
        raise Wrong("no bucket is named in the settings")
    return setting("s3_bucket")


def _client():
    access, secret = setting("s3_access_key").strip(), setting("s3_secret_key").strip()
    if not access or not secret:
        raise Wrong("the settings lack the access key or its secret key")
    return _made(setting("s3_endpoint").strip() or None, setting("s3_region").strip(), access, secret)


@lru_cache(maxsize=4)
def _made(endpoint, region, access, secret):
    import boto3  # it takes a while, and most processes never need it
    from botocore.config import Config

    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=region or None,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        config=Config(
            signature_version="s3v4",
            # Storage elsewhere has no name for each bucket.
            s3={"addressing_style": "path" if endpoint else "auto"},
            connect_timeout=5,
            read_timeout=15,
            retries={"total_max_attempts": 2},
        ),
    )


@contextmanager
def _told(missing):
    """Lets what the storage answers be said in words: Wrong for staff, Away for later."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NoConnection

    try:
        yield
    except (NoConnection, HTTPClientError) as exc:
        raise Away(f"the storage does not answer: {exc}") from exc
    except ClientError as exc:
        status, code = exc.response["ResponseMetadata"]["HTTPStatusCode"], exc.response["Error"]["Code"]
        if status >= 500 or code in {"SlowDown", "RequestTimeout"}:
            raise Away(f"the storage is in trouble: {code}") from exc
        if status == 404 and code in {"404", "NoSuchKey", "NotFound"}:
            raise Wrong(missing) from exc
        # HEAD is answered without a reason.
        if code == "403":
            raise Wrong("the storage refuses these keys; the page “Storage” says more") from exc
        raise Wrong(_REFUSED.get(code, f"the storage refuses: {code}")) from exc
    except (BotoCoreError, ValueError) as exc:
        raise Wrong(f"the settings of the storage are not right: {exc}") from exc
