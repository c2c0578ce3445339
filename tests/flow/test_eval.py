"""`silhouette eval`: its figures against the same measures written down again
in numpy, and against figures of another program, noted once."""
import json

import numpy
import pytest
from PIL import Image

from pictures import SAMPLES
from service import ROOT
from test_models import BLUE, RED, make_model, silhouette

MODELS = ROOT / "models"
SIZE = (90, 70)                 # of each picture: width, height
PICTURES = 12

# What the project's own scoring program (OpenCV's distances) said of the
# pictures below, which are the same every time.
NOTED = {
    "pictures": 8, "iou_mean": 0.544328, "iou_median": 0.699939, "low_iou": 4,
    "bf_mean": 0.704657, "iou_ignore_mean": 0.559079, "low_iou_ignore": 4,
    "bf_ignore_mean": 0.726622, "empty_pictures": 4,
    "false_area_mean": 0.030397, "false_area_above_1pc": 1, "people": 16,
    "covered": 0.6875}


def blobs(rng, count):
    """A mask of that many ellipses."""
    y, x = numpy.mgrid[:SIZE[1], :SIZE[0]]
    mask = numpy.zeros((SIZE[1], SIZE[0]), bool)
    for _ in range(count):
        cx, cy = rng.integers(10, SIZE[0] - 10), rng.integers(10, SIZE[1] - 10)
        a, b = rng.integers(6, 20, 2)
        mask |= ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 < 1
    return mask


def moved(mask, rng):
    """The truth that belongs to a picture: a little beside it."""
    return numpy.roll(mask, tuple(rng.integers(-3, 4, 2)), (0, 1))


def save(path, grey):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(grey.astype(numpy.uint8)).save(path)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folders images, truth, numbers (of people), ignore, and a network."""
    root = tmp_path_factory.mktemp("eval")
    rng = numpy.random.default_rng(11)
    for i in range(PICTURES):
        mask = blobs(rng, i % 4)
        # Some pictures show nobody in truth, and in one of them we do see.
        truth = moved(mask, rng) if i % 5 else numpy.zeros_like(mask)
        ignore = blobs(rng, 1)
        second = blobs(rng, i % 2)
        picture = numpy.where(mask[..., None], RED, BLUE).astype(numpy.uint8)
        name = f"picture {i}"
        (root / "images").mkdir(exist_ok=True)
        Image.fromarray(picture).save(root / "images" / f"{name}.png")
        save(root / "truth" / f"{name}.png", truth * 255)
        save(root / "numbers" / f"{name}.png", truth * 1 + second * 6)
        save(root / "ignore" / f"{name}.png", ignore * 200)
    make_model(root / "models", size=SIZE, geometry="stretch", looks=1)
    return root


def evaluate(data, *flags, truth="truth"):
    done = silhouette("eval", data / "images", data / truth, "--models",
                      data / "models", "--model", "red", "--json", *flags)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def masks(data, folder, name):
    with Image.open(data / folder / f"{name}.png") as image:
        return numpy.array(image)


def predicted(data, name):
    """Our own mask, by way of the other command."""
    done = silhouette("segment", data / "images" / f"{name}.png", "--models",
                      data / "models", "--model", "red")
    return numpy.array(json.loads(done.stdout)["data"], bool)


# --- the measures, again ----------------------------------------------------

def edge(mask):
    """Pixels with a neighbour outside of the mask, not of the picture."""
    padded = numpy.pad(mask, 1, "edge")
    inside = (padded[1:-1, :-2] & padded[1:-1, 2:] & padded[:-2, 1:-1]
              & padded[2:, 1:-1])
    return mask & ~inside


def near(mask):
    """Within 3 of a pixel of the mask by the 3 x 3 chamfer distance."""
    found = numpy.zeros_like(mask)
    height, width = mask.shape
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            low, high = sorted((abs(dx), abs(dy)))
            if low * 1.3693 + (high - low) * 0.955 > 3:
                continue
            for y, x in zip(*numpy.nonzero(mask)):
                if 0 <= y + dy < height and 0 <= x + dx < width:
                    found[y + dy, x + dx] = True
    return found


def iou(a, b, valid):
    either = (a | b) & valid
    return (a & b & valid).sum() / either.sum() if either.any() else 1.0


def bf(a, b, valid):
    a_edge, b_edge = edge(a), edge(b)
    a_in, b_in = a_edge & valid, b_edge & valid
    if not a_in.any() or not b_in.any():
        return float(a_in.any() == b_in.any())
    precision = (a_in & near(b_edge)).sum() / a_in.sum()
    recall = (b_in & near(a_edge)).sum() / b_in.sum()
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def test_figures_are_those_of_the_measures(data):
    answer = evaluate(data, "--ignore", data / "ignore")
    assert len(answer["pictures"]) == PICTURES and answer["left_out"] == 0
    anything = numpy.ones(SIZE[::-1], bool)
    for name, row in answer["pictures"].items():
        ours, truth = predicted(data, name), masks(data, "truth", name) > 127
        ignore = masks(data, "ignore", name) > 127
        if not truth.any():
            assert list(row) == ["false_area"]
            assert row["false_area"] == pytest.approx(ours.mean(), abs=1e-8)
            continue
        wanted = {"iou": iou(ours, truth, anything),
                  "bf": bf(ours, truth, anything),
                  "iou_ignore": iou(ours, truth, ~ignore),
                  "bf_ignore": bf(ours, truth, ~near(ignore))}
        assert row == pytest.approx(wanted, abs=1e-8), name


def test_totals_are_those_of_the_pictures(data):
    answer = evaluate(data, "--ignore", data / "ignore")
    rows, total = answer["pictures"].values(), answer["total"]

    def column(key):
        return numpy.array([row[key] for row in rows if key in row])

    wanted = {"pictures": len(column("iou")), "iou_mean": column("iou").mean(),
              "iou_median": numpy.median(column("iou")),
              "bf_mean": column("bf").mean(),
              "low_iou": (column("iou") < 0.7).sum(),
              "iou_ignore_mean": column("iou_ignore").mean(),
              "bf_ignore_mean": column("bf_ignore").mean(),
              "low_iou_ignore": (column("iou_ignore") < 0.7).sum(),
              "empty_pictures": len(column("false_area")),
              "false_area_mean": column("false_area").mean(),
              "false_area_above_1pc": (column("false_area") > 0.01).sum()}
    assert total == pytest.approx(wanted, abs=1e-8)
    assert 0 < total["low_iou"] < total["pictures"]
    assert 0 < total["false_area_above_1pc"]


def test_totals_are_those_of_another_program(data):
    answer = evaluate(data, "--ignore", data / "ignore", "--instances",
                      truth="numbers")
    assert answer["total"] == pytest.approx(NOTED, abs=1e-4)


def test_people_are_covered_one_by_one(data):
    answer = evaluate(data, "--instances", truth="numbers")
    people = covered = 0
    for name, row in answer["pictures"].items():
        ours, numbers = predicted(data, name), masks(data, "numbers", name)
        for number in set(numbers.flat) - {0}:
            people += 1
            covered += 2 * ours[numbers == number].sum() >= (
                numbers == number).sum()
    assert answer["total"]["people"] == people > 0
    assert answer["total"]["covered"] == pytest.approx(covered / people)


def test_people_are_matched_one_by_one(tmp_path):
    """Our own people as truth: all of them are found again."""
    (tmp_path / "images").mkdir()
    with Image.open(SAMPLES / "astronaut.jpg") as image:
        both = Image.new("RGB", (2 * image.width, image.height))
        both.paste(image, (0, 0))
        both.paste(image, (image.width, 0))
    both.save(tmp_path / "images" / "both.png")
    done = silhouette("segment", tmp_path / "images" / "both.png", "--people",
                      "each", "--format", "json", "--models", MODELS)
    assert done.returncode == 0, done.stderr
    people = numpy.array(json.loads(done.stdout)["data"], bool)
    numbers = sum((i + 1) * person for i, person in enumerate(people))
    save(tmp_path / "truth" / "both.png", numbers)
    done = silhouette("eval", tmp_path / "images", tmp_path / "truth",
                      "--instances", "--people", "each", "--json",
                      "--models", MODELS)
    assert done.returncode == 0, done.stderr
    total = json.loads(done.stdout)["total"]
    assert total["people"] == total["predicted_people"] == len(people) >= 2
    for figure in ("person_iou_mean", "recall_50", "precision_50", "covered"):
        assert total[figure] == 1, figure


# --- what is shown ----------------------------------------------------------

def test_the_sheet_shows_the_worst(data, tmp_path):
    out = tmp_path / "sheet.png"
    answer = evaluate(data, "--sheet", out)
    with Image.open(out) as image:
        sheet = numpy.array(image)
    rows = len(answer["worst"])
    assert sheet.shape == (244 * rows - 4, 324 * 3 - 4, 3) and rows > 3
    bad = [min(1, 50 * row["false_area"]) if "false_area" in row
           else 1 - row["iou"]
           for row in (answer["pictures"][name] for name in answer["worst"])]
    assert bad == sorted(bad, reverse=True)
    assert min(bad) > 0
    for i, name in enumerate(answer["worst"]):
        # Tiles of 320 x 240, the picture as large as it fits in the middle.
        width, height = 308, 240
        tiles = [sheet[244 * i:244 * i + 240, left + 6:left + 6 + width]
                 for left in (0, 324, 648)]
        x = (2 * numpy.arange(width) + 1) * SIZE[0] // (2 * width)
        y = (2 * numpy.arange(height) + 1) * SIZE[1] // (2 * height)
        ours = predicted(data, name)[numpy.ix_(y, x)]
        truth = (masks(data, "truth", name) > 127)[numpy.ix_(y, x)]
        assert numpy.array_equal(tiles[1], numpy.where(
            truth[..., None], 255, 0) * numpy.ones(3, int))
        colours = numpy.array([(0, 0, 0), (255, 64, 64), (64, 112, 255),
                               (255, 255, 255)])
        assert numpy.array_equal(tiles[2], colours[ours + 2 * truth])
        picture = masks(data, "images", name)[numpy.ix_(y, x)]
        close = abs(tiles[0].astype(int) - picture).max(2) < 30
        assert close.mean() > 0.9


def test_the_table(data):
    done = silhouette("eval", data / "images", data / "truth", "--models",
                      data / "models", "--model", "red")
    headings, figures = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert "IoU" in headings and "false area" in headings
    assert figures.startswith("red-1 ")
    assert len(headings) == len(figures)


def test_perfect_masks(data, tmp_path):
    for path in (data / "images").iterdir():
        save(tmp_path / "truth" / path.name,
             predicted(data, path.stem) * 255)
    answer = evaluate(data, "--sheet", tmp_path / "sheet.png",
                      truth=tmp_path / "truth")
    assert answer["total"]["iou_mean"] == answer["total"]["bf_mean"] == 1
    assert answer["worst"] == []
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size == (1, 1)


# --- what is wrong ----------------------------------------------------------

def test_what_can_not_be_compared_is_left_out_and_told(data, tmp_path):
    truth = tmp_path / "truth"
    save(truth / "picture 1.png", masks(data, "truth", "picture 1"))
    save(truth / "picture 2.png", numpy.zeros((5, 4)))
    save(truth / "nobody.png", numpy.zeros((5, 4)))
    (truth / "picture 3.png").write_bytes(b"no picture")
    (truth / "readme.txt").write_text("not a mask")
    done = silhouette("eval", data / "images", truth, "--models",
                      data / "models", "--model", "red", "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert list(answer["pictures"]) == ["picture 1"]
    assert answer["left_out"] == 3
    told = done.stderr.decode().splitlines()
    assert [line.split(": ")[:2] for line in told] == [
        ["nobody", "image_not_found"], ["picture 2", "bad_option"],
        ["picture 3", "unsupported_format"]]
    assert "4 x 5" in told[1] and "90 x 70" in told[1]


@pytest.mark.parametrize("flags,code", [
    ([], 2), (["one"], 2), (["a", "b", "c"], 2), (["a", "b", "--sheet"], 2),
    (["a", "b", "--what", "x"], 2), (["a", "b", "--people", "each"], 2),
    (["a", "b", "--threshold", "2"], 2), (["a", "b", "-x"], 2),
    (["/nonexistent", "/nonexistent"], 3),
    (["a", "b", "--model", "nothing"], 3)])
def test_wrong_words(flags, code, data):
    done = silhouette("eval", *flags, "--models", data / "models")
    if "/nonexistent" in flags:
        done = silhouette("eval", *flags, "--models", data / "models",
                          "--model", "red")
    assert done.returncode == code and done.stderr and not done.stdout


def test_two_pictures_of_one_name(data, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for name in ("a.png", "a.jpg"):
        Image.new("RGB", SIZE).save(images / name)
    save(tmp_path / "truth" / "a.png", numpy.zeros(SIZE[::-1]))
    done = silhouette("eval", images, tmp_path / "truth", "--models",
                      data / "models", "--model", "red")
    assert done.returncode == 3 and b"which one" in done.stderr


def test_a_sheet_that_can_not_be_written(data, tmp_path):
    done = silhouette("eval", data / "images", data / "truth", "--models",
                      data / "models", "--model", "red", "--sheet",
                      tmp_path / "no" / "sheet.png")
    assert done.returncode == 3 and b"sheet.png" in done.stderr


def test_help():
    done = silhouette("eval", "--help")
    assert done.returncode == 0 and b"usage: silhouette eval" in done.stdout
