#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Looks at reports of `primality bench --html` in a browser, 400, 800 and 1400 pixels wide, light and dark:
# nothing may leave the window, and no text in a chart may lie on another one or be cut off.
#
# usage: report-browser.sh report.html…
# With PICTURES=folder the pages are kept there as PNG, too, HEIGHT=900 high.
set -eu

here=$(dirname "$0")
browser=
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        browser=$name
        break
    fi
done
if [ -z "$browser" ]; then
    echo "report-browser: no chromium here, so reports were not looked at; install chromium to do so"
    exit 0
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM

# view SIZE SCHEME OPTION…: the frame; blink knows dark as 0 and light as 1.
view() {
    size=$1
    blink=$([ "$2" = dark ] && echo 0 || echo 1)
    shift 2
    timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars \
        --disable-dev-shm-usage --user-data-dir="$folder/profile" --window-size="$size" \
        --blink-settings="preferredColorScheme=$blink" --virtual-time-budget=5000 "$@" \
        "file://$folder/frame.html" 2>>"$folder/log"
}

status=0
for report in "$@"; do
    cat "$report" "$here/report-page.html" > "$folder/page.html"
    for width in 400 800 1400; do
        # Windows of this browser are at least 500 wide, frames as wide as they are told.
        cat > "$folder/frame.html" <<EOF
<!DOCTYPE html>
<meta name="color-scheme" content="light dark">
<style>body{margin:0}iframe{width:${width}px;height:${HEIGHT:-900}px;border:0;display:block}</style>
<iframe src="page.html"></iframe>
<script>
addEventListener("message", (e) => {
  const verdict = document.createElement("pre");
  verdict.textContent = e.data;
  document.body.append(verdict);
});
</script>
EOF
        for scheme in light dark; do
            view 1500,900 "$scheme" --dump-dom > "$folder/dom" || true
            verdict=$(sed -n '/<pre>/,/<\/pre>/p' "$folder/dom" |
                sed -e 's/<pre>//' -e 's/<\/pre>.*//' -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&amp;/\&/g')
            case $verdict in
            "ok: $width wide, $scheme, "*) echo "$(basename "$report"): $verdict" ;;
            *)
                echo "$(basename "$report"), $width wide, $scheme: ${verdict:-no verdict}" >&2
                [ -n "$verdict" ] || tail -n 3 "$folder/log" >&2
                status=1
                ;;
            esac
            if [ -n "${PICTURES:-}" ]; then
                view "$width,${HEIGHT:-900}" "$scheme" \
                    --screenshot="$PICTURES/$(basename "$report" .html)-$width-$scheme.png" >/dev/null || true
            fi
        done
    done
done
exit "$status"
