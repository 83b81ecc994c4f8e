"""Readers and writers of files, one module for each form; docs/formats.md says what each can hold."""
