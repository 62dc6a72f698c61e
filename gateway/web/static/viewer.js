/* The slide viewer: OpenSeadragon over DICOMweb frames, one slide or two side by side, a scale bar, magnifications,
   and the time that is left. When it is over, nothing stays on the screen. */
"use strict";

(async () => {
  const stages = [...document.querySelectorAll(".sg-viewer__stage")];
  const opened = await Promise.all(stages.map(show));
  const shown = opened.filter(Boolean);
  let ended = false;
  const over = () => {
    if (ended) return;
    ended = true;
    for (const each of shown) each.viewer.destroy();
    document.getElementById("notes")?.remove();
    for (const stage of stages) {
      stage.querySelector(".sg-viewer__canvas").replaceChildren();
      stage.querySelector(".sg-viewer__scale").hidden = true;
      stage.querySelector(".sg-viewer__zooms").replaceChildren();
      failed(stage, "Access to this release has ended.");
    }
  };
  keepTime(document.getElementById("clock"), over);
  for (const each of shown) keepAsking(each, over);
  if (shown.length === 2) keepTogether(shown[0], shown[1], document.getElementById("together"));
})();

function failed(stage, text) {
  const place = stage.querySelector(".sg-viewer__error");
  place.textContent = text;
  place.hidden = false;
}

/* One slide in its place: {viewer, full, stage, annotations}, or nothing if it cannot be shown. */
async function show(stage) {
  const canvas = stage.querySelector(".sg-viewer__canvas");
  const answer = await fetch(canvas.dataset.slide, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    failed(stage, problem.title || "The slide cannot be shown.");
    return null;
  }
  const slide = await answer.json();
  const facts = document.getElementById("facts");
  if (facts) showFacts(facts, slide.facts);

  const viewer = OpenSeadragon({
    element: canvas,
    prefixUrl: canvas.dataset.images,
    tileSources: tileSource(slide.levels),
    showNavigator: true,
    navigatorPosition: "TOP_RIGHT",
    navigatorBackground: "#ffffff",
    maxZoomPixelRatio: 2,
    visibilityRatio: 0.5,
    animationTime: 0.6,
    imageLoaderLimit: 6,
    timeout: 30000,
    preserveImageSizeOnResize: true,
    crossOriginPolicy: false,
    drawer: "canvas",
  });
  viewer.addOnceHandler("tile-drawn", () => performance.mark("first-tile")); // for whoever measures it
  viewer.addHandler("canvas-key", (event) => {
    if (event.originalEvent.key !== "Enter") return;
    event.preventDefaultAction = true;
    viewer.setFullScreen(!viewer.isFullPage());
  });
  viewer.addHandler("full-page", () => viewer.canvas.focus()); // it was moved, and keys go on
  const full = slide.levels[slide.levels.length - 1];
  if (full.microns) {
    keepScale(viewer, full, stage.querySelector(".sg-viewer__scale"));
    addMagnifications(viewer, full, stage.querySelector(".sg-viewer__zooms"));
  }
  await new Promise((resolve) => viewer.addOnceHandler("open", resolve));
  if (canvas.dataset.watermark) addWatermark(viewer, canvas.dataset.watermark);
  await showAnnotations(viewer, full, canvas.dataset.annotations, document.getElementById("notes"));
  return { viewer, full, stage, annotations: canvas.dataset.annotations };
}

/* Two slides at one magnification: where one goes, the other goes as many microns. Whoever wants to lay them over one
   another first, unticks the box, moves one, and ticks it again. */
function keepTogether(left, right, box) {
  const wide = (each) => each.full.width * (each.full.microns || 1); // microns of the whole slide: 1 in the viewport
  let between = null; // from the middle of one to the middle of the other, in microns
  let leading = left; // the one that the pointer or the keyboard is on
  const middle = (each) => each.viewer.viewport.getCenter(true).times(wide(each));
  const lock = () => { between = middle(right).minus(middle(left)); follow(left, right, 1); };
  const follow = (from, to, sign) => {
    if (!box.checked || leading !== from) return;
    const place = middle(from).plus(between.times(sign)).divide(wide(to));
    to.viewer.viewport.zoomTo((from.viewer.viewport.getZoom(true) * wide(to)) / wide(from), null, true);
    to.viewer.viewport.panTo(place, true);
  };
  lock();
  box.addEventListener("change", () => { if (box.checked) lock(); });
  for (const each of [left, right]) {
    for (const name of ["pointerenter", "pointerdown", "focusin"]) {
      each.stage.addEventListener(name, () => { leading = each; });
    }
  }
  left.viewer.addHandler("viewport-change", () => follow(left, right, 1));
  right.viewer.addHandler("viewport-change", () => follow(right, left, -1));
}

/* Levels from small to large. Frames at the edges are whole tiles, so bounds are given by tile, not by picture. */
function tileSource(levels) {
  const full = levels[levels.length - 1];
  return {
    width: full.width,
    height: full.height,
    tileSize: full.tileWidth,
    minLevel: 0,
    maxLevel: levels.length - 1,
    getLevelScale: (level) => levels[level].width / full.width,
    getTileWidth: (level) => levels[level].tileWidth,
    getTileHeight: (level) => levels[level].tileHeight,
    getNumTiles: (level) => new OpenSeadragon.Point(across(levels[level]), down(levels[level])),
    getTileBounds: (level, x, y, isSource) => {
      const each = levels[level];
      if (isSource) return new OpenSeadragon.Rect(0, 0, each.tileWidth, each.tileHeight);
      const unit = 1 / each.width;
      return new OpenSeadragon.Rect(
        x * each.tileWidth * unit, y * each.tileHeight * unit, each.tileWidth * unit, each.tileHeight * unit);
    },
    tileExists: (level, x, y) => {
      const each = levels[level];
      if (!each || x < 0 || y < 0 || x >= across(each) || y >= down(each)) return false;
      return each.frames === null || `${x},${y}` in each.frames;
    },
    getTileUrl: (level, x, y) => {
      const each = levels[level];
      const number = each.frames === null ? y * across(each) + x + 1 : each.frames[`${x},${y}`];
      return `${each.url}/${number}/rendered${each.query}`;
    },
  };
}

function across(level) { return Math.ceil(level.width / level.tileWidth); }
function down(level) { return Math.ceil(level.height / level.tileHeight); }

function showFacts(list, facts) {
  for (const [name, value] of facts) {
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    list.append(term, text);
  }
}

/* Microns that one pixel of the screen shows now. */
function micronsOnScreen(viewer, full) {
  const item = viewer.world.getItemAt(0);
  return item ? full.microns / item.viewportToImageZoom(viewer.viewport.getZoom(true)) : null;
}

function keepScale(viewer, full, bar) {
  const text = bar.firstElementChild;
  const update = () => {
    const microns = micronsOnScreen(viewer, full);
    if (!microns) return;
    const wanted = microns * 140;
    const power = 10 ** Math.floor(Math.log10(wanted));
    const length = [5, 2, 1].map((step) => step * power).find((each) => each <= wanted);
    bar.style.width = `${length / microns}px`;
    text.textContent = length >= 1000 ? `${length / 1000} mm` : `${length} µm`;
    bar.hidden = false;
  };
  viewer.addHandler("open", update);
  viewer.addHandler("animation", update);
  viewer.addHandler("resize", update);
}

/* 10x is about 1 µm for each pixel of the screen. */
function addMagnifications(viewer, full, place) {
  for (const times of [1, 2.5, 5, 10, 20, 40]) {
    if (10 / times < full.microns / 2) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${times}×`;
    button.addEventListener("click", () => {
      const zoom = full.microns / (10 / times);
      viewer.viewport.zoomTo(viewer.world.getItemAt(0).imageToViewportZoom(zoom));
    });
    place.append(button);
  }
}

/* Who looks, and when, all over the picture: it is on every photograph of the screen. */
function addWatermark(viewer, text) {
  const paper = document.createElement("canvas");
  paper.className = "sg-viewer__watermark";
  viewer.container.append(paper);
  const draw = () => {
    [paper.width, paper.height] = [viewer.container.clientWidth, viewer.container.clientHeight];
    const pen = paper.getContext("2d");
    pen.font = "16px sans-serif";
    pen.fillStyle = "rgb(22 37 43 / 22%)";
    pen.rotate(-Math.PI / 7);
    const [wide, far] = [pen.measureText(text).width + 80, paper.width + paper.height];
    for (let y = 0; y < far; y += 110) {
      for (let x = -far; x < far; x += wide) pen.fillText(text, x + (y % 220) / 2, y);
    }
  };
  viewer.addHandler("resize", draw);
  draw();
}

/* Access can end before its time: a tile that is refused says so, and for who moves nothing it is asked now and then. */
function keepAsking(each, over) {
  const often = 15000; // milliseconds
  let asking = false;
  const ask = async (url) => {
    if (asking) return;
    asking = true;
    const answer = await fetch(url, { method: "HEAD" }).catch(() => null);
    asking = false;
    if (answer && [401, 403, 404].includes(answer.status)) { clearInterval(clock); over(); }
  };
  const clock = setInterval(() => ask(each.annotations), often);
  each.viewer.addHandler("tile-load-failed", (event) => ask(event.tile.getUrl()));
}

/* The time of the server counts, as it was when the page was made, and what has gone by since. */
function keepTime(place, over) {
  const whole = new Date(place.dataset.ends) - new Date(place.dataset.now);
  const tick = () => {
    const left = Math.max(0, Math.floor((whole - performance.now()) / 1000));
    if (!left && clock) {
      clearInterval(clock);
      over();
    }
    const days = Math.floor(left / 86400);
    const hours = Math.floor(left / 3600) % 24;
    const minutes = Math.floor(left / 60) % 60;
    if (days) place.textContent = `${days} days ${hours} h`;
    else if (hours) place.textContent = `${hours} h ${minutes} min`;
    else place.textContent = `${minutes} min ${left % 60} s`;
  };
  const clock = setInterval(tick, 1000);
  tick();
}
