"""The only place that knows all areas: settings, urls, API root, menu, CLI root, demo."""
