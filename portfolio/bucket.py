"""Pictures in a bucket of S3, for a site that several machines serve.

Nothing imports this but Django, and that only where a bucket is set: boto3 takes half a second and
30 MB in each process.
"""

import shutil
import time
from contextlib import ExitStack, closing, contextmanager
from tempfile import SpooledTemporaryFile

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import File
from django.utils.encoding import filepath_to_uri
from django.utils.functional import cached_property
from storages.backends.s3 import S3Storage

from .media import Unavailable

# Seconds. Whoever waits keeps a thread from answering others.
CONNECT, READ, REST = 2, 10, 5
IN_MEMORY = 1 << 20  # bytes of an object; what is larger goes to a temporary file


class Bucket(S3Storage):
    """A bucket that stays private: the public address is below MEDIA_URL, whose view reads it.

    Raises FileNotFoundError for a missing object, and `Unavailable` where the bucket cannot be
    used. One that was not reached is left alone for a moment, in which this is raised at once.
    """

    # In one request, after which there is the whole object or nothing of it.
    transfer_config = TransferConfig(use_threads=False, multipart_threshold=5 << 30)

    def __init__(self, **options):
        super().__init__(**options)
        self.client_config = Config(
            signature_version="s3v4",
            # Other servers than Amazon's have no name of their own for each bucket, and few of
            # them know the checksums that came in 2025.
            s3={"addressing_style": "path" if self.endpoint_url else "virtual"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            ignore_configured_endpoint_urls=True,
            connect_timeout=CONNECT,
            read_timeout=READ,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        self.rests_until = 0

    @cached_property
    def connection(self):
        # django-storages has one for each thread, and the server's threads come and go.
        return super().connection

    @property
    def client(self):
        return self.connection.meta.client

    def url(self, name, **options):
        return f"{settings.MEDIA_URL}{filepath_to_uri(name)}"

    @contextmanager
    def asked(self, name=""):
        """Errors of the block, which asks the bucket, as those that the class names."""
        if time.monotonic() < self.rests_until:
            raise Unavailable(f"The bucket {self.bucket_name} was not reached a moment ago.")
        try:
            yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404 and code != "NoSuchBucket":
                raise FileNotFoundError(f"{name} is not in the bucket.") from None
            raise Unavailable(self.refusal(status, code)) from None
        except (BotoCoreError, Boto3Error) as error:
            self.rests_until = time.monotonic() + REST
            raise Unavailable(
                f"The bucket {self.bucket_name} cannot be reached ({error}): look at S3_ENDPOINT "
                "and at the server behind it."
            ) from None

    def refusal(self, status, code):
        if code == "NoSuchBucket":
            return f"There is no bucket {self.bucket_name}: make it, or look at S3_BUCKET."
        if status in (400, 401, 403):
            return (
                f"The bucket {self.bucket_name} refuses the key ({code}): look at S3_ACCESS_KEY, "
                "S3_SECRET_KEY and S3_REGION, and let the key list, read, write and delete."
            )
        return f"The bucket {self.bucket_name} answers with an error ({code}): try again later."

    # What Django's storages do.

    def _open(self, name, mode="rb"):
        """The object, all of which is there before any of it is read.

        So nobody is sent the beginning of a picture whose rest cannot be had.
        """
        key = self._normalize_name(name)
        with self.asked(name), ExitStack() as unless_whole:
            answer = self.client.get_object(Bucket=self.bucket_name, Key=key)
            body = unless_whole.enter_context(closing(answer["Body"]))
            file = unless_whole.enter_context(SpooledTemporaryFile(IN_MEMORY))
            shutil.copyfileobj(body, file, IN_MEMORY)
            body.close()
            unless_whole.pop_all()
        file.seek(0)
        return File(file, name)

    def _save(self, name, content):
        with self.asked(name):
            return super()._save(name, content)

    def delete(self, name):
        with self.asked(name):
            super().delete(name)

    def exists(self, name):
        with self.asked(name):
            return super().exists(name)

    def listdir(self, name):
        with self.asked(name):
            return super().listdir(name)

    def size(self, name):
        with self.asked(name):
            return super().size(name)

    def get_modified_time(self, name):
        with self.asked(name):
            return super().get_modified_time(name)

    def sizes(self):
        """{name: bytes} of the objects that are in no folder: a request for each thousand."""
        pages = self.client.get_paginator("list_objects_v2")
        with self.asked():
            return {
                found["Key"]: found["Size"]
                for page in pages.paginate(Bucket=self.bucket_name, Delimiter="/")
                for found in page.get("Contents", ())
            }
