package explain

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var picture = flag.Bool("picture", false, "take the picture of docs/explain.png anew")

// browser is a Chromium without a screen, which is spoken to through pipes: messages of the Chrome
// DevTools Protocol that end with a zero byte.
type browser struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	last    int
	wrong   []string // what pages have complained about, or loaded
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
	In     string          `json:"sessionId,omitempty"`
}

func startBrowser(t *testing.T) *browser {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" || runtime.GOOS == "windows" {
		t.Skip("there is no chromium")
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	back, said, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,900", "--remote-debugging-pipe",
		"--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{theirs, said} // its descriptors 3 and 4
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	said.Close()
	b := &browser{t: t, to: ours, from: bufio.NewReader(back)}
	if err := back.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ours.Close()
		cmd.Process.Kill()
		cmd.Wait()
		back.Close()
		if t.Failed() {
			t.Logf("%s", stderr.Bytes())
		}
	})
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	b.call("Target.getTargets", nil, &targets)
	for _, target := range targets.TargetInfos {
		if target.Type == "page" {
			var attached struct{ SessionID string }
			b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
			b.session = attached.SessionID
		}
	}
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// call has the browser do something, and waits for its result.
func (b *browser) call(method string, params any, result any) {
	b.t.Helper()
	b.last++
	m := message{ID: b.last, Method: method, In: b.session}
	if params != nil {
		m.Params, _ = json.Marshal(params)
	}
	text, err := json.Marshal(m)
	if err == nil {
		_, err = b.to.Write(append(text, 0))
	}
	if err != nil {
		b.t.Fatal(err)
	}
	for {
		got := b.next()
		if got.ID != b.last {
			continue
		}
		if got.Error != nil {
			b.t.Fatalf("%s: %s", method, got.Error)
		}
		if result != nil {
			if err := json.Unmarshal(got.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

// next reads a message.
func (b *browser) next() (m message) {
	b.t.Helper()
	text, err := b.from.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(text[:len(text)-1], &m)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	switch m.Method {
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
		b.wrong = append(b.wrong, string(m.Params))
	case "Network.requestWillBeSent":
		if !bytes.Contains(m.Params, []byte(`"url":"file://`)) || !bytes.Contains(m.Params, []byte(`"type":"Document"`)) {
			b.wrong = append(b.wrong, string(m.Params))
		}
	}
	return m
}

// open shows a page, and waits until it is loaded.
func (b *browser) open(page []byte) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "page.html")
	if err := os.WriteFile(path, page, 0o666); err != nil {
		b.t.Fatal(err)
	}
	b.wrong = nil
	b.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	for b.eval("document.readyState") != "complete" || b.eval("location.protocol") != "file:" {
		time.Sleep(10 * time.Millisecond)
	}
}

// eval gives the value of an expression.
func (b *browser) eval(expression string) any {
	b.t.Helper()
	var got struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &got)
	if got.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, got.ExceptionDetails)
	}
	return got.Result.Value
}

// mouse moves the mouse to the middle of an element, which is scrolled to, or clicks there.
func (b *browser) mouse(element string, click bool) {
	b.t.Helper()
	at := b.eval("(() => { const e = " + element + "; e.scrollIntoView({block: 'nearest'}); const r = e.getClientRects()[0];" +
		" return [r.x + r.width / 2, r.y + r.height / 2]; })()").([]any)
	kinds := []string{"mouseMoved"}
	if click {
		kinds = append(kinds, "mousePressed", "mouseReleased")
	}
	for _, kind := range kinds {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil)
	}
}

// picture is what the window shows.
func (b *browser) picture() []byte {
	b.t.Helper()
	var got struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &got)
	file, err := base64.StdEncoding.DecodeString(got.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	return file
}

// fewColors is a picture in its 255 commonest colors, and the nearest of these for the others: it
// takes a third of the bytes.
func fewColors(t *testing.T, file []byte) []byte {
	from, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.Color]int{}
	size := from.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			count[from.At(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), strings.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	to := image.NewPaletted(size, colors[:min(255, len(colors))])
	draw.Draw(to, size, from, size.Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, to); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const tip = "(document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent)"

// The page opens in a browser without a complaint, loads nothing, fits the window, and says what
// is under the mouse.
func TestPageInBrowser(t *testing.T) {
	b := startBrowser(t)
	r, _ := explained(t, shopLog(3000), nil)
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	b.open(page.Bytes())
	if got := b.eval("document.title"); got != "shop.log: where the bits go" {
		t.Errorf("title %q", got)
	}
	if got := b.eval("document.documentElement.scrollWidth - innerWidth"); got.(float64) > 0 {
		t.Errorf("the page is %v pixels wider than the window", got)
	}
	if got := b.eval(tip); got != "" {
		t.Errorf("it begins with %q", got)
	}

	// A costly character, a stretch of cheap ones, and the offset that they are said to have.
	e := r.excerpts[len(r.excerpts)/2]
	at := 0
	for i, c := range e.costs {
		if c.Bits > e.costs[at].Bits {
			at = i
		}
	}
	cell := fmt.Sprintf("[...document.querySelectorAll('#text pre[data-offset=\"%d\"] i')].reduce((a, c) => +c.dataset.b / (c.dataset.n || 1) > +a.dataset.b / (a.dataset.n || 1) ? c : a)", e.offset)
	b.mouse(cell, false)
	said, _ := b.eval(tip).(string)
	if want := fmt.Sprintf("%.3g bits\nforeseen by: ", e.costs[at].Bits); !strings.HasPrefix(said, want) {
		t.Errorf("over the costliest character it says %q, want %q", said, want)
	}
	if want := fmt.Sprintf("%s\nbyte %d", e.costs[at].Winner, e.offset+int64(at)); !strings.HasSuffix(said, want) {
		t.Errorf("over the costliest character it says %q, want %q", said, want)
	}
	b.mouse("document.querySelector('#text i[data-n]')", false)
	if said, _ := b.eval(tip).(string); !strings.Contains(said, " bytes, ") || !strings.Contains(said, " per byte") {
		t.Errorf("over a stretch it says %q", said)
	}
	b.mouse("document.querySelector('svg.plot')", false)
	if said, _ := b.eval(tip).(string); !strings.Contains(said, "bytes ") || !strings.Contains(said, " per byte") {
		t.Errorf("over the curve it says %q", said)
	}
	b.mouse("document.querySelector('h1')", false)
	if said := b.eval(tip); said != "" {
		t.Errorf("over nothing it says %q", said)
	}

	// The other colors.
	color := "getComputedStyle(document.querySelector('#text i[data-n]')).backgroundColor"
	before := b.eval(color)
	b.mouse("document.getElementById('who')", true)
	if after := b.eval(color); after == before {
		t.Errorf("the colors stay %v", after)
	}
	if len(b.wrong) > 0 {
		t.Errorf("the page is not quiet: %s", strings.Join(b.wrong, "\n"))
	}
	if *picture {
		b.mouse("document.getElementById('who')", true)
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 1100, "height": 830, "deviceScaleFactor": 1, "mobile": false}, nil)
		b.mouse("document.querySelectorAll('#text i.h6')[400]", false)
		b.eval("scrollBy(0, document.querySelector('.legend').getBoundingClientRect().y - 60)")
		b.mouse("document.querySelectorAll('#text i.h6')[400]", false)
		if err := os.WriteFile("../../../../docs/explain.png", fewColors(t, b.picture()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever a log says is shown, and does nothing.
func TestPageOfHostileTextInBrowser(t *testing.T) {
	b := startBrowser(t)
	const evil = `</script><script>window.owned=1</script><img src=x onerror="window.owned=2">'"><svg onload=owned=3> {{.File}} <!-- ` + "`" + ` ]]> `
	text := []byte(strings.Repeat(evil+"\n", 40))
	for i := range 300 {
		text = append(text, fmt.Sprintf("{\"%s%d\": \"%s\"}\nkey%d=%s %c\n", "</pre><script>window.owned=4</script>", i%7, `<script>window.owned=5</script>`, i%9, evil, 0x2028)...)
	}
	r, _ := explained(t, text, nil)
	r.File = evil
	r.Model = evil
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	b.open(page.Bytes())
	if got := b.eval("typeof window.owned"); got != "undefined" {
		t.Errorf("a script of the log has run: %v", b.eval("window.owned"))
	}
	if got := b.eval("document.querySelector('h1').textContent"); got != evil {
		t.Errorf("the name is shown as %q", got)
	}
	if n := b.eval("document.images.length + document.scripts.length"); n != 3.0 {
		t.Errorf("%v images and scripts", n)
	}
	if len(b.wrong) > 0 {
		t.Errorf("the page is not quiet: %s", strings.Join(b.wrong, "\n"))
	}
}
