"""Addresses of jobs and of messages to the outside."""

from django.urls import path

from hikeshi.ledger import views

app_name = "ledger"
urlpatterns = [
    path("settings/jobs/", views.jobs, name="jobs"),
    path("settings/jobs/<uuid:uid>/<str:act>/", views.job_act, name="job-act"),
    path("settings/outbox/", views.outbox, name="outbox"),
    path("settings/outbox/<uuid:uid>/<str:act>/", views.message_act, name="message-act"),
]
