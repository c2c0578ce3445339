// Pictures and masks onto canvases.
// Must not know the page, nor the API: it gets bitmaps and labels.
// All works at one size, the working size; a mask is one byte per pixel: 0
// nobody, n the n-th person, or 255 everybody.

/** Colours of people, the largest first: the accent, then ones told apart by
 *  those who see few colours, too. */
export const COLORS = [[47, 84, 255], [230, 120, 0], [0, 158, 115],
  [204, 80, 150], [240, 200, 40], [86, 180, 233], [213, 70, 40],
  [148, 103, 189]];

const WORK_SIDE_MAX = 1600;

/** The size to work at, for a picture of that size. */
export function workSize(width, height) {
  const scale = Math.min(1, WORK_SIDE_MAX / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)),
    Math.max(1, Math.round(height * scale))];
}

/** A canvas of that size with its context. */
export function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return [canvas, canvas.getContext("2d", { willReadFrequently: true })];
}

/** The grey values of a mask's bitmap at the working size. Labels are not
 *  blended: between persons 1 and 3 there is no 2. */
export function greyOf(bitmap, width, height, areLabels) {
  const [, context] = canvasOf(width, height);
  context.imageSmoothingEnabled = !areLabels;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height).data;
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = pixels[4 * i];
  return grey;
}

const colorOf = (label) => COLORS[(label - 1) % COLORS.length];

/** The mask as it is: white on black, or each person in a colour. */
export function paintMask(canvas, mask) {
  const { grey, width, height, isEach } = mask;
  const image = new ImageData(width, height);
  const to = image.data;
  for (let i = 0; i < grey.length; i++) {
    const at = 4 * i;
    const color = isEach && grey[i] > 0 ? colorOf(grey[i]) : null;
    to[at] = color ? color[0] : grey[i];
    to[at + 1] = color ? color[1] : grey[i];
    to[at + 2] = color ? color[2] : grey[i];
    to[at + 3] = 255;
  }
  fit(canvas, width, height).putImageData(image, 0, 0);
}

function fit(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  return context;
}

/** The people's colours as a layer. */
function tint({ grey, width, height, isEach }) {
  const image = new ImageData(width, height);
  const to = image.data;
  for (let i = 0; i < grey.length; i++) {
    if (grey[i] === 0) continue;
    const color = isEach ? colorOf(grey[i]) : COLORS[0];
    to[4 * i] = color[0];
    to[4 * i + 1] = color[1];
    to[4 * i + 2] = color[2];
    to[4 * i + 3] = isEach ? 255 : grey[i];
  }
  const [canvas, context] = canvasOf(width, height);
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The outline as a layer, of a thickness that suits the size: pixels of a
 *  person that have other pixels within reach. */
function contour({ grey, width, height, isEach }) {
  const reach = Math.max(1, Math.round(Math.max(width, height) / 500));
  const label = (i) => (isEach ? grey[i] : Number(grey[i] > 127));
  const image = new ImageData(width, height);
  const to = image.data;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const own = label(i);
      if (own === 0) continue;
      if ((x >= reach && label(i - reach) !== own)
        || (x + reach < width && label(i + reach) !== own)
        || (y >= reach && label(i - reach * width) !== own)
        || (y + reach < height && label(i + reach * width) !== own)) {
        to[4 * i] = to[4 * i + 1] = to[4 * i + 2] = to[4 * i + 3] = 255;
      }
    }
  }
  const [canvas, context] = canvasOf(width, height);
  context.putImageData(image, 0, 0);
  return canvas;
}

// Layers of a mask, made once: a slider repaints many times a second.
const layers = new WeakMap();

function layersOf(mask) {
  if (!layers.has(mask)) {
    layers.set(mask, { tint: tint(mask), contour: contour(mask) });
  }
  return layers.get(mask);
}

function paintBoxes(context, boxes, scale, width) {
  const line = Math.max(2, width / 320);
  context.lineWidth = line;
  context.font = `600 ${Math.max(13, width / 45)}px sans-serif`;
  context.textBaseline = "top";
  boxes.forEach(({ box: [x, y, w, h] }, index) => {
    const color = `rgb(${colorOf(index + 1).join(" ")})`;
    context.strokeStyle = color;
    context.strokeRect(x * scale, y * scale, w * scale, h * scale);
    const text = String(index + 1);
    const size = parseInt(context.font.split(" ")[1], 10);
    context.fillStyle = color;
    context.fillRect(x * scale - line / 2, y * scale - line / 2,
      size * .6 * text.length + size * .7, size * 1.3);
    context.fillStyle = "#fff";
    context.strokeStyle = "rgb(0 0 0 / 45%)";
    context.fillText(text, x * scale + size * .3, y * scale + size * .15);
  });
}

/** The photo, the people laid over it. look: {opacity, outline, boxes}. */
export function paintOverlay(canvas, photo, mask, look) {
  const { width, height, boxes, scale } = mask;
  const context = fit(canvas, width, height);
  if (photo) context.drawImage(photo, 0, 0, width, height);
  const made = layersOf(mask);
  context.globalAlpha = look.opacity;
  context.drawImage(made.tint, 0, 0);
  context.globalAlpha = 1;
  if (look.outline) context.drawImage(made.contour, 0, 0);
  if (look.boxes && boxes) paintBoxes(context, boxes, scale, width);
}

/** People without their surroundings, where the server makes no cut-out. */
export function cutOut(photo, { grey, width, height, isEach }) {
  const [canvas, context] = canvasOf(width, height);
  context.drawImage(photo, 0, 0, width, height);
  const image = context.getImageData(0, 0, width, height);
  for (let i = 0; i < grey.length; i++) {
    image.data[4 * i + 3] = isEach && grey[i] > 0 ? 255 : grey[i];
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A picture so that it covers all of the canvas. */
function cover(context, bitmap, width, height) {
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
}

/** The cut-out before a background: nothing, a colour, or a bitmap. */
export function paintCutout(canvas, cutout, [width, height], background) {
  const context = fit(canvas, width, height);
  if (typeof background === "string") {
    context.fillStyle = background;
    context.fillRect(0, 0, width, height);
  } else if (background) {
    cover(context, background, width, height);
  }
  if (cutout) context.drawImage(cutout, 0, 0, width, height);
}

/** A small copy, for a tile. */
export function paintTile(tile, from) {
  const scale = Math.min(1, 320 / Math.max(from.width, from.height));
  const context = fit(tile, Math.max(1, Math.round(from.width * scale)),
    Math.max(1, Math.round(from.height * scale)));
  context.imageSmoothingQuality = "high";
  context.drawImage(from, 0, 0, tile.width, tile.height);
}
