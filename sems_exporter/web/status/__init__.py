"""The status page: `answer` serves it, `page` writes the document, the others its parts."""
