"""What imagedrop says on a fedora-messaging bus: schemas, and words for people."""
