"""Edge helpers that know no stage: who is calling, errors, CSRF, paging, layout."""
