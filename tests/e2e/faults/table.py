"""All faults, by chapter."""

from tests.e2e.faults import account, answers, codes, data, disk, plants, way
from tests.e2e.faults.row import Row

TABLE: dict[str, tuple[Row, ...]] = {
    "The way to the portal": way.ROWS,
    "Answers that are none": answers.ROWS,
    "Result codes": codes.ROWS,
    "The account": account.ROWS,
    "Data that are not true": data.ROWS,
    "The plant": plants.ROWS,
    "The disk": disk.ROWS,
}
