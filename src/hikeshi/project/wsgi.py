"""What the app server loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hikeshi.project.settings")
application = get_wsgi_application()
