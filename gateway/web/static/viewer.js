/* The slide viewer: OpenSeadragon over DICOMweb frames, a scale bar, magnifications, and the time that is left. */
"use strict";

(async () => {
  const stage = document.getElementById("viewer");
  const failed = (text) => {
    const place = document.getElementById("viewer-error");
    place.textContent = text;
    place.hidden = false;
  };
  keepTime(document.getElementById("clock"));

  const answer = await fetch(stage.dataset.slide, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    failed(problem.title || "The slide cannot be shown.");
    return;
  }
  const slide = await answer.json();
  showFacts(document.getElementById("facts"), slide.facts);

  const viewer = OpenSeadragon({
    element: stage,
    prefixUrl: stage.dataset.images,
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
  viewer.addHandler("tile-load-failed", (event) => {
    if (!event.tile.exists) return;
    if (new Date(slide.endsAt) <= new Date()) failed("Access to this release has ended.");
  });
  const full = slide.levels[slide.levels.length - 1];
  if (full.microns) {
    keepScale(viewer, full);
    addMagnifications(viewer, full, document.getElementById("zooms"));
  }
})();

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

function keepScale(viewer, full) {
  const bar = document.getElementById("scale");
  const text = document.getElementById("scale-text");
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

function keepTime(place) {
  const ends = new Date(place.dataset.ends);
  const tick = () => {
    const left = Math.max(0, Math.floor((ends - new Date()) / 1000));
    const days = Math.floor(left / 86400);
    const hours = Math.floor(left / 3600) % 24;
    const minutes = Math.floor(left / 60) % 60;
    if (days) place.textContent = `${days} days ${hours} h`;
    else if (hours) place.textContent = `${hours} h ${minutes} min`;
    else place.textContent = `${minutes} min ${left % 60} s`;
  };
  tick();
  setInterval(tick, 1000);
}
