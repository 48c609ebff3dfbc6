"""Words, or a picture, to photos. search() is the question that pages, API and command line ask."""
