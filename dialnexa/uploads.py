"""Files in requests. Nearly nothing takes them: then a body that brings one is refused before a byte is kept.

A view that does take files sets ``request.upload_handlers = [TakeFiles(…)]`` before anything reads the body.
The CSRF check reads it, so such a view is exempt from the middleware's and has the check on what comes after.
"""

from __future__ import annotations

import io
from typing import Any, NoReturn

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http.multipartparser import MultiPartParserError


class RefuseFiles(FileUploadHandler):
    """Answers 400 as soon as a file begins."""

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise MultiPartParserError("Nothing here takes files.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never reached: no file begins."""

    def file_complete(self, file_size: int) -> None:
        """Never reached: no file begins."""


class TakeFiles(FileUploadHandler):
    """Keeps up to ``most`` files of up to ``largest`` bytes in memory, and none on disk.

    What is beyond is read past and let go, so that the browser gets to hear the answer; ``too_large`` and
    ``too_many`` tell the view.
    """

    def __init__(self, *, most: int, largest: int) -> None:
        super().__init__()
        self.most, self.largest = most, largest
        self.begun = 0
        self.too_large = self.too_many = False
        self.kept = io.BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.begun += 1
        self.kept = io.BytesIO()
        if self.begun > self.most:
            self.too_many = True
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > self.largest:
            self.too_large, self.kept = True, io.BytesIO()
            raise SkipFile
        self.kept.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset
        )
