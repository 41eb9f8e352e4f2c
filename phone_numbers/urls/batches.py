"""Batch calls: ``/w/<slug>/batches/…``"""

from django.urls import path

from phone_numbers.views import batch_dialling, batch_files, batches

app_name = "batches"
urlpatterns = [
    path("", batches.list_batches, name="list"),
    path("upload/", batches.upload, name="upload"),
    path("<str:batch_id>/", batches.show_batch, name="batch"),
    path("<str:batch_id>/choices/", batches.choose, name="choose"),
    path("<str:batch_id>/corrected.csv", batch_files.download_corrected, name="corrected"),
    path("<str:batch_id>/rejected.csv", batch_files.download_rejected, name="rejected"),
    path("<str:batch_id>/delete/", batches.delete, name="delete"),
    path("<str:batch_id>/start/", batch_dialling.start, name="start"),
    path("<str:batch_id>/pause/", batch_dialling.pause, name="pause"),
    path("<str:batch_id>/resume/", batch_dialling.resume, name="resume"),
    path("<str:batch_id>/cancel/", batch_dialling.cancel, name="cancel"),
    path("<str:batch_id>/results.csv", batch_files.download_results, name="results"),
]
