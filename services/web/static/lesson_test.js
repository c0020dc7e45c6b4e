// Scores by keyboard: Enter and the arrows go from row to row; a column pasted into a score goes through the paste field.
const form = document.getElementById("lesson-test");
if (form) {
  const scores = [...form.querySelectorAll("input.score")];
  const counts = form.querySelector(".counts");
  const count = () => { counts.textContent = `${scores.filter((one) => one.value.trim()).length} / ${scores.length}`; };
  form.addEventListener("keydown", (event) => {
    const at = scores.indexOf(event.target);
    const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing) return;
    if (at < 0) {
      // Enter in another field saves nothing by itself.
      if (event.key === "Enter" && event.target.matches("input, select")) event.preventDefault();
      return;
    }
    if (!step) return;
    event.preventDefault();
    const next = scores[at + step] ?? (step > 0 ? document.getElementById("save") : null);
    next?.focus();
    next?.select?.();
  });
  form.addEventListener("input", (event) => {
    if (!event.target.matches("input.score")) return;
    const state = form.elements[event.target.name.replace("score:", "state:")];
    if (event.target.value.trim()) state.value = "graded";
    count();
  });
  form.addEventListener("paste", (event) => {
    if (!event.target.matches("input.score")) return;
    const text = event.clipboardData?.getData("text") ?? "";
    if (!text.trim().includes("\n")) return;
    event.preventDefault();
    form.elements.paste.value = text;
    form.querySelector(".pasting").open = true;
    form.elements.paste.focus();
  });
  count();
}
