# Generated from shared/events/ by `npm run docs`.
"""One class per event of imagedrop, in the order of its pipeline."""

from fedora_messaging.message import DEBUG, ERROR, INFO, WARNING

from .base import ImagedropMessage, load_schema


class DropRequestedV1(ImagedropMessage):
    """a person hands in a compose message and wants its drop now, whatever the cadence says"""

    topic = "drop.requested.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{by} asks for a drop of {message.compose_id|a compose without an id}"


class StreamOpenedV1(ImagedropMessage):
    """the first compose of a release was seen; the cadence serves it from now on"""

    topic = "stream.opened.v1"
    severity = DEBUG
    body_schema = load_schema(topic)
    sentence = "the stream {stream} has its first compose"


class CadenceReachedV1(ImagedropMessage):
    """it is the time of day at which drops that are due by the calendar are scheduled or expire"""

    topic = "cadence.reached.v1"
    severity = DEBUG
    body_schema = load_schema(topic)
    sentence = "the cadence of {stream|all streams} reached {time}"


class CalendarChangedV1(ImagedropMessage):
    """which drops of a release are due when, and which drops came of those that were"""

    topic = "calendar.changed.v1"
    severity = DEBUG
    body_schema = load_schema(topic)
    sentence = "{stream} has {#entries} drops in its calendar"


class DropOverdueV1(ImagedropMessage):
    """a drop that was due has not come, for longer than the policy has patience; said once"""

    topic = "drop.overdue.v1"
    severity = WARNING
    body_schema = load_schema(topic)
    sentence = "the {milestone|weekly} drop of {stream} that was due at {due} has not come; its newest compose is {newest|unknown}"


class DropScheduledV1(ImagedropMessage):
    """a compose qualifies; the plan: images, formats, targets, gate"""

    topic = "drop.scheduled.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{compose.id} qualifies for the {kind} drop {drop}: {images: {flavour}.{architecture}}"


class DropComparisonRequestedV1(ImagedropMessage):
    """the policy wants the drop only if its images would be made of something else than those of an earlier one"""

    topic = "drop.comparison.requested.v1"
    severity = DEBUG
    body_schema = load_schema(topic)
    sentence = "{drop} is to be compared with {since.drop}"


class DropComparedV1(ImagedropMessage):
    """which of its images would be made of something else than in the earlier drop; none when nothing has changed"""

    topic = "drop.compared.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} was compared with {since}: {#changes} of its images would be made of something else{ (changes: {image}: {reason})}"


class DropUnchangedV1(ImagedropMessage):
    """nothing that its images would be made of has changed since an earlier drop, which stays the newest; it is not built"""

    topic = "drop.unchanged.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} is not built: nothing has changed since {since}"


class ImageRequestedV1(ImagedropMessage):
    """one image of the plan is wanted"""

    topic = "image.requested.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} wants the image {image.flavour}.{image.architecture}"


class ImageBuiltV1(ImagedropMessage):
    """its raw disk is in the artifact store, verified"""

    topic = "image.built.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{image.flavour}.{image.architecture} of {drop} was built by {engine.name} {engine.version}{ (engine.earlier: {name} could not: {reason})}"


class ImageConvertedV1(ImagedropMessage):
    """every format the plan names is in the store, verified by decoding"""

    topic = "image.converted.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{image.flavour}.{image.architecture} of {drop} was converted to {artifacts: {format}}"


class ImageTestedV1(ImagedropMessage):
    """the verdict, every check, console log, screenshot"""

    topic = "image.tested.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{image.flavour}.{image.architecture} of {drop} {verdict} its boot test{ (checks[outcome=failed!waived]: {name})}"


class ImageUploadedV1(ImagedropMessage):
    """registered in the cloud, still private"""

    topic = "image.uploaded.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{image.flavour}.{image.architecture} of {drop} is registered as {registrations: {id} in {place}}"


class ImageFailedV1(ImagedropMessage):
    """one image cannot go on: step, class, reason, log"""

    topic = "image.failed.v1"
    severity = ERROR
    body_schema = load_schema(topic)
    sentence = "{image.flavour}.{image.architecture} of {drop} failed at {failure.step} ({failure.class}): {failure.reason}"


class DropReadyV1(ImagedropMessage):
    """every image has passed or is accounted for; it is to be staged, and then waits for the gate"""

    topic = "drop.ready.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} is ready: {#images[outcome=passed]} of {#images} images passed"


class DropStagedV1(ImagedropMessage):
    """the whole tree is on the mirror master, still closed"""

    topic = "drop.staged.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} is staged, closed, for {path}: {#files} files"


class DropBlessingRequestedV1(ImagedropMessage):
    """a release engineer gives the blessing"""

    topic = "drop.blessing.requested.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{by} asks to bless {drop}"


class DropBlessedV1(ImagedropMessage):
    """the gate is open: by a person for milestones, by policy for scratch drops"""

    topic = "drop.blessed.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} was blessed by {by}"


class ImagePublishedV1(ImagedropMessage):
    """public, and seen to be public, in each place named"""

    topic = "image.published.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{image.flavour}.{image.architecture} of {drop} is public as {registrations: {id} in {place}}"


class DropMirroredV1(ImagedropMessage):
    """open to the mirrors, indexes regenerated"""

    topic = "drop.mirrored.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} is open at {path}"


class DropPublishedV1(ImagedropMessage):
    """every target is done"""

    topic = "drop.published.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} is published: {path}"


class DropAnnouncedV1(ImagedropMessage):
    """who was told, with the message ids"""

    topic = "drop.announced.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} was announced: {told: {channel}}"


class CloudAuditedV1(ImagedropMessage):
    """a cloud was compared with the ledger, and what is not as it should be there has changed"""

    topic = "cloud.audited.v1"
    severity = WARNING
    body_schema = load_schema(topic)
    sentence = "{target} was audited: {#findings} things are not as they should be ({#findings[kind=private]} not public, {#findings[kind=gone]} gone), {#ended} are again"


class DropFailedV1(ImagedropMessage):
    """a step on the whole drop cannot go on: step, class, reason, log"""

    topic = "drop.failed.v1"
    severity = ERROR
    body_schema = load_schema(topic)
    sentence = "{drop} failed at {failure.step} ({failure.class}): {failure.reason}"


class DropSupersessionRequestedV1(ImagedropMessage):
    """a person, or a respin of its compose, wants the drop replaced and withdrawn"""

    topic = "drop.supersession.requested.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{by} asks to supersede {drop}"


class DropSupersededV1(ImagedropMessage):
    """a newer drop, or a person, took its place; publishers withdraw it"""

    topic = "drop.superseded.v1"
    severity = WARNING
    body_schema = load_schema(topic)
    sentence = "{drop} is superseded by {by}"


class DropCancellationRequestedV1(ImagedropMessage):
    """a person wants the drop stopped"""

    topic = "drop.cancellation.requested.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{by} asks to cancel {drop}"


class DropCancelledV1(ImagedropMessage):
    """a person stopped it; every service drops its work on it, `imagedrop retry` takes it up again"""

    topic = "drop.cancelled.v1"
    severity = WARNING
    body_schema = load_schema(topic)
    sentence = "{drop} was cancelled by {by}"


class DropRetryRequestedV1(ImagedropMessage):
    """a person takes a failed or cancelled drop up again"""

    topic = "drop.retry.requested.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{by} asks to retry {drop}"


class DropExpiryReachedV1(ImagedropMessage):
    """the drop is as old as the retention policy lets a drop of its kind become"""

    topic = "drop.expiry.reached.v1"
    severity = DEBUG
    body_schema = load_schema(topic)
    sentence = "{drop} has reached its {keptDays} days"


class DropExpiredV1(ImagedropMessage):
    """the retention policy no longer keeps it; publishers withdraw it"""

    topic = "drop.expired.v1"
    severity = INFO
    body_schema = load_schema(topic)
    sentence = "{drop} has expired after {keptDays} days"
