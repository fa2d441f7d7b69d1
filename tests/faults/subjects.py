"""All formats that are tried."""

from tests.faults import granules, intermediates, models, radarchanges
from tests.faults.outcomes import Subject

SUBJECTS: dict[str, Subject] = {
    "IMERG": granules.SUBJECT,
    **radarchanges.SUBJECTS,
    **intermediates.SUBJECTS,
    **models.SUBJECTS,
}
