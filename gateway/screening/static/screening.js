// Boxes drawn on a picture. The numbers in the form are the truth: what is drawn is written there, and sent from there.
const sheet = document.getElementById("sheet");
if (sheet) start();

function start() {
  const svg = document.getElementById("boxes"), rows = document.getElementById("rows");
  const blank = document.getElementById("new-row").content.querySelector("tr");
  const size = { width: Number(sheet.dataset.width), height: Number(sheet.dataset.height) };
  let chosen = null, held = null, zoom = 1;

  const fields = (row) => [...row.querySelectorAll("input[type=text]")];
  const box = (row) => fields(row).map((field) => Number(field.value));
  const filled = (row) => fields(row).every((field) => /^\d+$/.test(field.value));
  const gone = (row) => row.querySelector("input[type=checkbox]");
  const shown = () => [...rows.children].filter((row) => filled(row) && !gone(row).checked);

  function write(row, [left, top, right, bottom]) {
    const sides = [Math.min(left, right), Math.min(top, bottom), Math.max(left, right), Math.max(top, bottom)];
    fields(row).forEach((field, side) => {
      const most = side % 2 ? size.height : size.width;
      field.value = Math.max(0, Math.min(most, Math.round(sides[side])));
    });
    draw();
  }

  function number() {
    [...rows.children].forEach((row, at) => {
      gone(row).value = at;
      fields(row).forEach((field) => field.setAttribute("aria-label", `Box ${at + 1}, ${field.name}`));
    });
  }

  function add(sides) {
    const row = rows.insertBefore(blank.cloneNode(true), rows.lastElementChild);
    number();
    chosen = row;
    write(row, sides);
    return row;
  }

  function remove(row) {
    const left = shown(), at = left.indexOf(row);
    row.remove();
    number();
    chosen = left[at + 1] || left[at - 1] || null;
    draw();
  }

  function rectangle(x, y, width, height, name) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [key, value] of Object.entries({ x, y, width, height })) made.setAttribute(key, value);
    if (name) made.classList.add(name);
    svg.append(made);
    return made;
  }

  function draw() {
    svg.replaceChildren();
    if (chosen && !shown().includes(chosen)) chosen = null;
    for (const row of shown()) {
      const [left, top, right, bottom] = box(row);
      rectangle(left, top, right - left, bottom - top, row === chosen ? "sg-chosen" : "").row = row;
    }
    if (!chosen) return;
    const [, , right, bottom] = box(chosen), side = 10 * size.width / svg.clientWidth;
    rectangle(right - side / 2, bottom - side / 2, side, side, "sg-corner").row = chosen;
  }

  function place(event) {
    const frame = svg.getBoundingClientRect();
    return [(event.clientX - frame.left) * size.width / frame.width, (event.clientY - frame.top) * size.height / frame.height];
  }

  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const [x, y] = place(event), row = event.target.row;
    svg.setPointerCapture(event.pointerId);
    held = { x, y, row, kind: row ? (event.target.classList.contains("sg-corner") ? "size" : "move") : "new" };
    held.from = row ? box(row) : null;
    chosen = row || null;
    sheet.focus({ preventScroll: true });
    event.preventDefault();
    draw();
  });

  svg.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = place(event), across = x - held.x, down = y - held.y;
    if (held.kind === "new") {
      if (!held.row && Math.abs(across) + Math.abs(down) < 3) return;
      if (held.row) write(held.row, [held.x, held.y, x, y]);
      else held.row = add([held.x, held.y, x, y]);
      return;
    }
    const [left, top, right, bottom] = held.from;
    if (held.kind === "size") write(held.row, [left, top, Math.max(right + across, left + 1), Math.max(bottom + down, top + 1)]);
    else write(held.row, moved(held.from, across, down));
  });
  const let_go = () => { held = null; };
  svg.addEventListener("pointerup", let_go);
  svg.addEventListener("pointercancel", let_go);

  function moved([left, top, right, bottom], across, down) {
    const x = Math.max(-left, Math.min(size.width - right, across)), y = Math.max(-top, Math.min(size.height - bottom, down));
    return [left + x, top + y, right + x, bottom + y];
  }

  function choose(step) {
    const all = shown();
    if (!all.length) return;
    const at = all.indexOf(chosen);
    chosen = all[at < 0 ? 0 : (at + step + all.length) % all.length];
    draw();
  }

  function arrow(event, across, down) {
    if (!chosen) return choose(1);
    const by = event.altKey ? 1 : Math.max(1, Math.round(size.width / 100)), sides = box(chosen);
    if (!event.shiftKey) return write(chosen, moved(sides, across * by, down * by));
    const [left, top, right, bottom] = sides;
    write(chosen, [left, top, Math.max(right + across * by, left + 1), Math.max(bottom + down * by, top + 1)]);
  }

  function decide(value) {
    const radio = document.getElementById(`decision-${value}`);
    if (!radio) return;
    radio.checked = true;
    document.getElementById("send").focus();
  }

  function enlarge(by) {
    zoom = Math.max(1, Math.min(8, zoom * by));
    sheet.style.width = `${100 * zoom}%`;
    draw();
  }

  const keys = {
    n: () => add([0.4 * size.width, 0.45 * size.height, 0.6 * size.width, 0.55 * size.height]),
    ",": () => choose(-1), ".": () => choose(1),
    ArrowLeft: (event) => arrow(event, -1, 0), ArrowRight: (event) => arrow(event, 1, 0),
    ArrowUp: (event) => arrow(event, 0, -1), ArrowDown: (event) => arrow(event, 0, 1),
    Delete: () => chosen && remove(chosen), Backspace: () => chosen && remove(chosen),
    a: () => decide("accept"), r: () => decide("redact"), w: () => decide("withhold"),
    "+": () => enlarge(1.5), "-": () => enlarge(1 / 1.5),
  };
  sheet.addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey ? null : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });

  rows.addEventListener("input", draw);
  addEventListener("resize", draw);
  draw();
}
