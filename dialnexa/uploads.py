"""Nothing here takes files, so a body that brings one is refused before anything is written to disk."""

from typing import Any, NoReturn

from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParserError


class RefuseFiles(FileUploadHandler):
    """Answers 400 as soon as a file begins."""

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise MultiPartParserError("Nothing here takes files.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never reached: no file begins."""

    def file_complete(self, file_size: int) -> None:
        """Never reached: no file begins."""
