"""What tests run on: the database, the browser, servers, the network guard, reports."""
