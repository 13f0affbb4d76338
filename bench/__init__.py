"""What `make bench` measures. A benchmark is a module with a title, column headings and `rows`."""
