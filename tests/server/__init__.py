"""The language server, driven by a real client and part by part."""
