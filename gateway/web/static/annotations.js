/* Annotations over a slide: GeoJSON in pixels of its largest level, shown as SVG; drawn with the pointer or with keys. */
"use strict";

const SVG = "http://www.w3.org/2000/svg";

/* Show what the project drew on this slide; with a `panel`, list it there and let people draw. */
async function showAnnotations(viewer, full, url, panel) {
  const sheet = addSheet(viewer);
  const answer = await fetch(url, { headers: { Accept: "application/geo+json" } });
  if (!answer.ok) return;
  const shapes = new Map(); // id -> {feature, path}
  const add = (feature) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", lineOf(feature.geometry));
    sheet.group.append(path);
    shapes.set(feature.id, { feature, path });
    if (panel) listed(feature);
  };
  const listed = (feature) => {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = [feature.properties.name || "no name", measured(feature.geometry, full)].filter(Boolean).join(", ");
    row.append(name, button("Show", feature, () => lookAt(viewer, feature.geometry)));
    if (feature.properties.mine) row.append(button("Remove", feature, () => remove(feature, row)));
    panel.querySelector("#notes-list").append(row);
  };
  const remove = async (feature, row) => {
    const gone = await fetch(`${url}/${feature.id}`, { method: "DELETE", headers: { "X-CSRFToken": panel.dataset.token } });
    if (!gone.ok) { say(panel, "It could not be removed."); return; }
    shapes.get(feature.id).path.remove();
    shapes.delete(feature.id);
    row.remove();
    say(panel, "Removed.");
  };
  for (const feature of (await answer.json()).features) add(feature);
  if (!panel) return;
  panel.hidden = false;
  letDraw(viewer, sheet, panel, async (geometry) => {
    const name = panel.querySelector("#notes-name");
    const kept = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/geo+json", "X-CSRFToken": panel.dataset.token },
      body: JSON.stringify({ type: "Feature", geometry, properties: { name: name.value.trim() } }),
    });
    const told = await kept.json().catch(() => ({}));
    if (!kept.ok) { say(panel, told.detail || told.title || "It could not be kept."); return; }
    add(told);
    name.value = "";
    say(panel, "Kept for your project.");
  });
}

function say(panel, text) { panel.querySelector("#notes-said").textContent = text; }

function button(text, feature, pressed) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", `${text} ${feature.properties.name || "annotation"}`);
  made.addEventListener("click", pressed);
  return made;
}

/* A transparent sheet over the picture whose units are pixels of the largest level, however it is moved or turned. */
function addSheet(viewer) {
  const svg = document.createElementNS(SVG, "svg");
  const group = document.createElementNS(SVG, "g");
  svg.setAttribute("class", "sg-viewer__sheet");
  svg.setAttribute("aria-hidden", "true");
  svg.append(group);
  viewer.container.append(svg);
  const lay = () => {
    const item = viewer.world.getItemAt(0);
    if (!item) return;
    const at = (x, y) => item.imageToViewerElementCoordinates(new OpenSeadragon.Point(x, y));
    const [o, x, y] = [at(0, 0), at(1000, 0), at(0, 1000)];
    const turned = [x.x - o.x, x.y - o.y, y.x - o.x, y.y - o.y].map((each) => each / 1000);
    group.setAttribute("transform", `matrix(${turned.join(" ")} ${o.x} ${o.y})`);
  };
  viewer.addHandler("update-viewport", lay);
  lay();
  return { svg, group };
}

function lineOf(geometry) {
  const text = (positions) => positions.map((each) => each.join(" ")).join("L");
  if (geometry.type === "Point") return `M${geometry.coordinates.join(" ")}h0`;
  return geometry.type === "LineString" ? `M${text(geometry.coordinates)}` : `M${text(geometry.coordinates[0])}Z`;
}

function positionsOf(geometry) {
  if (geometry.type === "Point") return [geometry.coordinates];
  return geometry.type === "LineString" ? geometry.coordinates : geometry.coordinates[0];
}

/* Length or area in words, where the slide tells how large its pixels are. */
function measured(geometry, full) {
  if (!full.microns || geometry.type === "Point") return "";
  const places = positionsOf(geometry);
  let sum = 0;
  for (let i = 1; i < places.length; i += 1) {
    const [[a, b], [c, d]] = [places[i - 1], places[i]];
    sum += geometry.type === "Polygon" ? (a * d - c * b) / 2 : Math.hypot(c - a, d - b);
  }
  if (geometry.type === "Polygon") return `${(Math.abs(sum) * full.microns ** 2 / 1e6).toPrecision(3)} mm²`;
  const microns = sum * full.microns;
  return microns >= 1000 ? `${(microns / 1000).toPrecision(3)} mm` : `${microns.toPrecision(3)} µm`;
}

function lookAt(viewer, geometry) {
  const places = positionsOf(geometry);
  const [xs, ys] = [places.map((each) => each[0]), places.map((each) => each[1])];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [wide, high] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const room = Math.max(wide, high, 200) / 2;
  const box = new OpenSeadragon.Rect(left - room, top - room, wide + 2 * room, high + 2 * room);
  viewer.viewport.fitBounds(viewer.world.getItemAt(0).imageToViewportRectangle(box));
}

/* The pen: one tool at a time; each stroke becomes one shape. Escape puts it down. */
function letDraw(viewer, sheet, panel, keep) {
  const tools = [...panel.querySelectorAll("[data-draw]")];
  let tool = "";
  let stroke = null;
  const choose = (wanted) => {
    tool = tool === wanted ? "" : wanted;
    for (const each of tools) each.setAttribute("aria-pressed", String(each.dataset.draw === tool));
    sheet.svg.classList.toggle("sg-viewer__sheet--pen", Boolean(tool));
    viewer.setMouseNavEnabled(!tool);
    say(panel, tool ? "Draw on the slide, with the pointer or with arrow keys and Enter. Escape puts the pen down." : "");
  };
  const cross = addCross(viewer, sheet);
  for (const each of tools) {
    each.addEventListener("click", () => { choose(each.dataset.draw); cross.hide(); });
    each.addEventListener("keydown", (event) => { if (tool) drawWithKeys(event, cross, tool, keep); });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && tool) { choose(tool); cross.hide(); } });
  const place = (event) => {
    const edge = sheet.svg.getBoundingClientRect();
    const point = new OpenSeadragon.Point(event.clientX - edge.left, event.clientY - edge.top);
    const item = viewer.world.getItemAt(0);
    const found = item.viewerElementToImageCoordinates(point);
    const size = item.getContentSize();
    return [Math.min(Math.max(found.x, 0), size.x), Math.min(Math.max(found.y, 0), size.y)].map((each) => Math.round(each * 10) / 10);
  };
  sheet.svg.addEventListener("pointerdown", (event) => {
    if (!tool || event.button !== 0) return;
    sheet.svg.setPointerCapture(event.pointerId);
    stroke = { places: [place(event)], path: document.createElementNS(SVG, "path") };
    sheet.group.append(stroke.path);
  });
  sheet.svg.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    stroke.places.push(place(event));
    const shape = shapeOf(tool, stroke.places);
    if (shape) stroke.path.setAttribute("d", lineOf(shape));
  });
  sheet.svg.addEventListener("pointerup", () => {
    if (!stroke) return;
    const shape = shapeOf(tool, stroke.places);
    stroke.path.remove();
    stroke = null;
    if (shape) keep(shape);
  });
  sheet.svg.addEventListener("pointercancel", () => {
    if (stroke) stroke.path.remove();
    stroke = null;
  });
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/* A cross for who draws with keys, and the corners that were set with it; it begins in the middle of what is seen. */
function addCross(viewer, sheet) {
  const item = () => viewer.world.getItemAt(0);
  const lines = document.createElementNS(SVG, "path");
  const places = [];
  let at = null;
  const draw = () => {
    const arm = 12 / item().viewportToImageZoom(viewer.viewport.getZoom(true));
    const corners = places.map((each) => each.join(" ")).join("L");
    const [x, y] = at;
    lines.setAttribute("d", `${corners ? `M${corners}L${x} ${y}` : ""}M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}`);
    sheet.group.append(lines);
  };
  const hide = () => { at = null; places.length = 0; lines.remove(); };
  const move = (across, down, pixels) => {
    if (!at) {
      const middle = item().viewportToImageCoordinates(viewer.viewport.getCenter(true));
      at = [middle.x, middle.y];
    }
    const [size, step] = [item().getContentSize(), pixels / item().viewportToImageZoom(viewer.viewport.getZoom(true))];
    const within = (value, most) => Math.round(Math.min(Math.max(value, 0), most) * 10) / 10;
    at = [within(at[0] + across * step, size.x), within(at[1] + down * step, size.y)];
    const seen = item().imageToViewportCoordinates(new OpenSeadragon.Point(...at));
    if (!viewer.viewport.getBounds().containsPoint(seen)) viewer.viewport.panTo(seen);
    draw();
  };
  const set = () => { move(0, 0, 0); places.push([...at]); draw(); return places; };
  return { hide, move, set };
}

/* Arrow keys move the cross, Enter sets a corner; the shape is kept with its last one. */
function drawWithKeys(event, cross, tool, keep) {
  const step = STEPS[event.key];
  if (!step && event.key !== "Enter") return;
  event.preventDefault();
  if (step) { cross.move(...step, event.shiftKey ? 50 : 10); return; }
  const places = cross.set();
  const [last, before] = [places[places.length - 1], places[places.length - 2]];
  const same = before && last[0] === before[0] && last[1] === before[1];
  if (tool === "outline" ? !same : tool !== "point" && places.length < 2) return;
  const shape = shapeOf(tool, tool === "outline" ? places.slice(0, -1) : places);
  cross.hide();
  if (shape) keep(shape);
}

/* A stroke as a shape of GeoJSON; nothing where it is too short to be one. */
function shapeOf(tool, places) {
  const [[a, b], [c, d]] = [places[0], places[places.length - 1]];
  if (tool === "point") return { type: "Point", coordinates: [c, d] };
  if (a === c && b === d && places.length < 4) return null;
  if (tool === "line") return { type: "LineString", coordinates: [[a, b], [c, d]] };
  if (tool === "rectangle") return { type: "Polygon", coordinates: [[[a, b], [c, b], [c, d], [a, d], [a, b]]] };
  const step = Math.ceil(places.length / 2000);
  const kept = places.filter((_each, number) => number % step === 0);
  return kept.length < 3 ? null : { type: "Polygon", coordinates: [[...kept, kept[0]]] };
}
