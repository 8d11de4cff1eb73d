"""What is known, brought to those who do not scrape. Nothing here is imported unless settings ask for it.

`contents` makes what is brought: `textfile`, the JSON document, `article` and `page`. `files` writes it to this machine
after each refresh, `sending` brings it to a server by `ftp` or `webdav`, and `record` counts and tells what came of it.
`remote_write` sends samples instead, each minute.
"""
