// Package viewer tries the page of the program viewer in a browser.
package viewer

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/dict"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
)

var picture = flag.String("picture", "", "write pictures of the page to this folder")

// shown is the page in a browser.
type shown struct {
	*testing.T
	ctx   context.Context
	dir   string
	mu    sync.Mutex
	wrong []string // what the page has complained about, or asked of a network
}

var made string // the folder that page is in

// page is made once.
var page = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "viewer")
	if err != nil {
		return "", err
	}
	made = dir
	file := filepath.Join(dir, "lmz-viewer.html")
	cmd := exec.Command("go", "run", "-buildvcs=false", "github.com/lmz-go/lmz/viewer", "-o", file)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return file, err
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if made != "" {
		os.RemoveAll(made)
	}
	os.Exit(code)
}

func show(t *testing.T) *shown {
	if os.Getenv("TEST_VIEWER") == "" {
		t.Skip("make test-viewer runs it")
	}
	found := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			found = path
			break
		}
	}
	if found == "" {
		t.Skip("there is no chromium")
	}
	file, err := page()
	if err != nil {
		t.Fatal(err)
	}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(found), chromedp.NoSandbox, chromedp.WindowSize(1280, 820))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	s := &shown{T: t, ctx: ctx, dir: t.TempDir()}
	err = chromedp.Listen(ctx, func(event any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			text, _ := json.Marshal(e.ExceptionDetails)
			s.wrong = append(s.wrong, string(text))
		case *runtime.EventConsoleAPICalled:
			text, _ := json.Marshal(e.Args)
			s.wrong = append(s.wrong, string(text))
		case *log.EventEntryAdded:
			s.wrong = append(s.wrong, e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; u != "file://"+file && !strings.HasPrefix(u, "blob:") && !strings.HasPrefix(u, "data:") {
				s.wrong = append(s.wrong, "request of "+u)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	call(s, network.Enable, network.EnableParams{})
	call(s, log.Enable, cdp.Empty{})
	s.do(chromedp.Navigate("file://" + file))
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.wrong) > 0 {
			t.Errorf("the page is not quiet: %s", strings.Join(s.wrong, "\n"))
		}
	})
	return s
}

// within bounds what the browser is asked.
func (s *shown) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, time.Minute)
}

func (s *shown) do(steps ...chromedp.Action[chromedp.Void]) {
	s.Helper()
	ctx, cancel := s.within()
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		s.Fatal(err)
	}
}

func call[P, R any](s *shown, command cdp.Command[P, R], params P) {
	s.Helper()
	ctx, cancel := s.within()
	defer cancel()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		s.Fatal(err)
	}
}

// value is that of an expression.
func (s *shown) value(expression string) any {
	s.Helper()
	ctx, cancel := s.within()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[any](expression))
	if err != nil {
		s.Fatalf("%s: %v", expression, err)
	}
	return v
}

// submit fills a field of a form, and submits it.
func (s *shown) submit(field, text string) {
	s.Helper()
	quoted, _ := json.Marshal(text)
	s.value(fmt.Sprintf("(e => { e.value = %s; e.form.requestSubmit(); })(document.getElementById('%s'))", quoted, field))
}

// click clicks on an element.
func (s *shown) click(id string) {
	s.Helper()
	s.do(chromedp.Click("#" + id))
}

// key presses a key with the content in focus.
func (s *shown) key(key string) {
	s.Helper()
	s.do(chromedp.Focus("#lines"), chromedp.KeyEvent(key))
}

// text is what an element shows, nothing if it is hidden.
func (s *shown) text(id string) string {
	s.Helper()
	text, _ := s.value("(e => e.checkVisibility() ? e.innerText : '')(document.getElementById('" + id + "'))").(string)
	return text
}

// until waits for something to hold.
func (s *shown) until(what string, holds func() bool) {
	s.Helper()
	for start := time.Now(); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 2*time.Minute {
			s.picture("failure")
			s.Fatalf("%s does not come; it says %q, %q, shows %.300q", what, s.text("wrong"), s.text("where"), s.text("lines"))
		}
	}
}

// open gives files to the page, and waits for the first lines, or for what is wrong.
func (s *shown) open(files ...string) {
	s.Helper()
	s.value("document.getElementById('lines').replaceChildren(); document.getElementById('wrong').hidden = true")
	s.do(chromedp.SetUploadFiles("#file", files))
	s.until("an archive", func() bool {
		return s.value("document.querySelectorAll('.row, #lines p').length") != 0.0 || s.text("wrong") != ""
	})
}

// first is the text of the first row in the window.
func (s *shown) first() string {
	s.Helper()
	text, _ := s.value(`(() => { const l = document.getElementById('lines'), e = l.getBoundingClientRect().top;
		for (const r of l.querySelectorAll('.row')) if (r.getBoundingClientRect().bottom > e + 8) return r.innerText; })()`).(string)
	return text
}

// line goes to one.
func (s *shown) line(number int) {
	s.Helper()
	s.submit("number", fmt.Sprint(number))
	s.until("the line", func() bool {
		return s.value(fmt.Sprintf("document.querySelector('.here')?.dataset.line === '%d'", number-1)) == true
	})
}

// find searches, and gives what is said of it, and the lines.
func (s *shown) find(text string, boxes ...string) (said string, lines []string) {
	s.Helper()
	for _, box := range []string{"anyCase", "word", "expression"} {
		s.value(fmt.Sprintf("document.getElementById('%s').checked = %t", box, slices.Contains(boxes, box)))
	}
	s.submit("text", text)
	s.until("an end of the search", func() bool { return strings.Contains(s.text("found"), "decompressed") })
	s.value("window.listed = [...document.querySelectorAll('.hit')].map(e => e.textContent)")
	for _, l := range s.value("window.listed").([]any) {
		lines = append(lines, l.(string))
	}
	said, _, _ = strings.Cut(s.text("found"), "\n")
	return said, lines
}

func (s *shown) picture(name string) {
	if *picture == "" {
		return
	}
	ctx, cancel := s.within()
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		s.Log(err)
		return
	}
	if err := os.WriteFile(filepath.Join(*picture, name+".png"), png, 0o666); err != nil {
		s.Fatal(err)
	}
}

// write makes a file.
func (s *shown) write(name string, data []byte) string {
	s.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, data, 0o666); err != nil {
		s.Fatal(err)
	}
	return path
}

// logText is a log of so many lines.
func logText(lines int) []byte {
	var b bytes.Buffer
	state := uint32(1)
	next := func(n uint32) uint32 {
		state = state*1664525 + 1013904223
		return (state >> 8) % n
	}
	for i := range lines {
		level := "INFO"
		if i%97 == 13 {
			level = "ERROR"
		}
		fmt.Fprintf(&b, "2026-03-%02dT%02d:%02d:%02d.%03dZ %s shop[%d]: request %08x from 10.0.%d.%d took %d ms\n", 1+i/86400, i/3600%24, i/60%60, i%60, next(1000),
			level, 400+next(4), next(1<<24)*199, next(4), next(256), next(2000))
	}
	return b.Bytes()
}

// Lines of a time are listed, of chunks that may have some.
func TestTimes(t *testing.T) {
	s := show(t)
	lines := strings.Split(string(logText(4000)), "\n")
	archive := archivetest.Compress(t, nil, logText(4000), stream.WithMethod(codec.Mix), stream.WithLevel(1), stream.WithChunkSize(20000), stream.WithPrimer(0))
	s.open(s.write("shop.log.lmz", archive))
	set := func(since, until string) {
		s.value(fmt.Sprintf("document.getElementById('since').value = '%s'; document.getElementById('until').value = '%s'", since, until))
	}
	set("2026-03-01T00:30:50", "2026-03-01T00:31:10")
	said, found := s.find("")
	if len(found) != 20 || !strings.HasSuffix(found[0], lines[1850]) || !strings.HasPrefix(said, "20 lines; ") || strings.HasPrefix(said, "20 lines; 18 of 18") {
		t.Errorf("20 seconds: %q, %d lines", said, len(found))
	}
	s.picture("times")
	if said, found = s.find("ERROR"); len(found) != 1 || !strings.Contains(found[0], "ERROR") {
		t.Errorf("an error in them: %q, %q", said, found)
	}
	set("", "")
}

// An archive is opened, read from its beginning, its end and within, searched, checked and saved,
// and the page asks nothing of a network.
func TestReading(t *testing.T) {
	s := show(t)
	text := logText(4000)
	lines := strings.Split(string(text), "\n")
	archive := archivetest.Compress(t, nil, text, stream.WithLevel(1), stream.WithChunkSize(50000), stream.WithPrimer(20000))
	s.picture("start")
	s.open(s.write("shop.log.lmz", archive))
	if got := s.text("facts"); !strings.Contains(got, "4,000") || !strings.Contains(got, "level\n1") {
		t.Errorf("it says of the archive %q", got)
	}
	if got := s.first(); !strings.HasSuffix(got, lines[0]) {
		t.Errorf("the first line is %q, want %q", got, lines[0])
	}
	if got := s.value("document.documentElement.scrollWidth - innerWidth"); got.(float64) > 0 {
		t.Errorf("the page is %v pixels wider than the window", got)
	}

	// By line, and on from there in both directions, by keys.
	s.line(2001)
	if got := s.value("document.querySelector('.here').innerText").(string); got != "2,001\n"+lines[2000] && got != "2,001"+lines[2000] {
		t.Errorf("line 2001 is %q, want %q", got, lines[2000])
	}
	s.key(kb.End)
	s.until("the end", func() bool { return strings.Contains(s.text("lines"), lines[3999]) })
	s.value("document.getElementById('lines').scrollTop = 0")
	s.until("what is in front", func() bool {
		return strings.Contains(s.value("document.getElementById('lines').textContent").(string), lines[3750])
	})
	s.key(kb.Home)
	s.until("the beginning", func() bool { return strings.HasSuffix(s.first(), lines[0]) })
	s.until("all that follows", func() bool {
		s.value("(l => l.scrollTop = l.scrollHeight)(document.getElementById('lines'))")
		return strings.Contains(s.value("document.getElementById('lines').textContent").(string), lines[3999])
	})
	// All lines that are there follow each other.
	s.value("window.rows = [...document.querySelectorAll('#lines .row')].map(r => r.querySelector('.t').textContent)")
	rows := s.value("window.rows").([]any)
	for i, row := range rows {
		if want := lines[4000-len(rows)+i]; row != want {
			t.Fatalf("row %d of %d is %q, want %q", i, len(rows), row, want)
		}
	}

	// Searching: as a regular expression of Go finds.
	for _, x := range []struct {
		text  string
		boxes []string
		like  string
	}{
		{" ERROR ", nil, ` ERROR `},
		{"error", []string{"anyCase"}, `(?i)error`},
		{"10.0.3.7", []string{"word"}, `\b10\.0\.3\.7\b`},
		{`took 19\d\d ms$`, []string{"expression"}, `took 19\d\d ms$`},
		{"nothing of the kind", nil, "nothing of the kind"},
	} {
		like := regexp.MustCompile(x.like)
		var want []string
		for i, l := range lines {
			if like.MatchString(l) {
				want = append(want, grouped(i+1)+l)
			}
		}
		said, got := s.find(x.text, x.boxes...)
		if !slices.Equal(got, want) || !strings.HasPrefix(said, fmt.Sprintf("%d line", len(want))) {
			t.Errorf("%q: %d lines, want %d; it says %q", x.text, len(got), len(want), said)
		}
	}
	_, hits := s.find("ERROR")
	s.until("the first of them", func() bool {
		return strings.HasPrefix(hits[0], s.value("document.querySelector('.here .n')?.textContent").(string))
	})
	if got := s.value("document.querySelector('.here mark').textContent"); got != "ERROR" {
		t.Errorf("marked is %q", got)
	}
	s.key("n")
	s.until("the next one", func() bool {
		e, _ := s.value("document.querySelector('.here .n')?.textContent").(string)
		return e != "" && strings.HasPrefix(hits[1], e)
	})
	s.picture("search")
	s.value("document.querySelector('#reading button').click()") // what goes on reading marks as before
	s.line(14)
	if got := s.value("document.querySelector('.here mark')?.textContent"); got != "ERROR" {
		t.Errorf("behind a cancelled reading, marked is %v", got)
	}

	// Chunks, a check, and all of it.
	s.value("for (let i = 0; i < 2; i++) document.getElementById('tab-chunks').click()")
	s.until("the chunks", func() bool { return strings.Contains(s.text("chunks"), "in 1 frame") })
	index, err := stream.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if n := s.value("document.querySelectorAll('#chunks td button').length").(float64); err != nil || int(n) != len(index[0].Chunks) {
		t.Errorf("%v chunks are listed, there are %d", n, len(index[0].Chunks))
	}
	s.click("tab-check")
	s.click("verify")
	s.until("the check", func() bool { return s.text("report") != "" })
	if got := s.text("report"); !strings.Contains(got, "as it was written") {
		t.Errorf("the check says %q", got)
	}
	behavior := browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: s.dir}
	if _, err := chromedp.CallBrowser(s.ctx, browser.SetDownloadBehavior, behavior); err != nil {
		t.Fatal(err)
	}
	s.click("save")
	s.until("the file", func() bool {
		got, err := os.ReadFile(filepath.Join(s.dir, "shop.log"))
		return err == nil && bytes.Equal(got, text)
	})

	call(s, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	s.click("tab-found")
	s.picture("dark")
}

// grouped is a number as the page writes it.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Of a damaged archive all that is intact is shown, and what is not is said where it was.
func TestDamage(t *testing.T) {
	s := show(t)
	text := logText(4000)
	archive := archivetest.Compress(t, nil, text, stream.WithLevel(1), stream.WithChunkSize(40000), stream.WithPrimer(20000))
	frames, err := stream.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	hit := frames[0].Chunks[3]
	damaged := bytes.Clone(archive)
	for i := range 12 {
		damaged[hit.Offset+hit.Size/2+int64(7*i)] ^= 0xff
	}
	// What stands in the search box, and is no expression, was not searched for.
	s.value("document.getElementById('text').value = '('; document.getElementById('expression').checked = true")
	s.open(s.write("damaged.lmz", damaged))
	if got := s.text("wrong"); got != "" || s.first() == "" {
		t.Fatalf("it is not shown: %q", got)
	}
	before := bytes.Count(text[:hit.RawOffset], []byte{'\n'})
	s.line(before - 2)
	s.until("what is lost", func() bool { return s.value("document.querySelector('.row.lost')?.dataset.line") == fmt.Sprint(before) })
	if got := s.value("document.querySelector('.row.lost').textContent").(string); !strings.Contains(got, fmt.Sprintf("with %d line ends", hit.Lines)) {
		t.Errorf("it says %q, want %d lines", got, hit.Lines)
	}
	behind := string(text[hit.RawOffset+hit.RawSize:])
	behind, _, _ = strings.Cut(behind, "\n")
	next := s.value("document.querySelector('.row.lost').nextElementSibling.textContent").(string)
	if want := grouped(before+int(hit.Lines)+1) + behind; next != want {
		t.Errorf("behind it comes %q, want %q", next, want)
	}
	s.picture("damage")
	said, lines := s.find("ERROR")
	want := bytes.Count(text, []byte("ERROR")) - bytes.Count(text[hit.RawOffset:hit.RawOffset+hit.RawSize], []byte("ERROR"))
	if !strings.HasPrefix(said, fmt.Sprintf("%d lines", want)) || !strings.Contains(said, "could not be searched") || len(lines) != want+1 {
		t.Errorf("the search says %q, and lists %d; want %d", said, len(lines), want)
	}
	s.click("tab-check")
	s.click("verify")
	s.until("the check", func() bool { return s.text("report") != "" })
	if got := s.text("report"); !strings.Contains(got, "1 part lost") || !strings.Contains(got, "chunk 3") {
		t.Errorf("the check says %q", got)
	}

	// Cut off; something else; nothing.
	s.open(s.write("cut.lmz", archive[:hit.Offset+10]))
	s.until("what is missing", func() bool { return strings.Contains(s.text("wrong"), "ends early") })
	s.key(kb.End)
	s.open(s.write("empty.lmz", archivetest.Compress(t, nil, nil)))
	s.until("that it is empty", func() bool { return strings.Contains(s.text("lines"), "is empty") })
	s.do(chromedp.SetUploadFiles("#file", []string{s.write("a.lmz", []byte("\xbclmz and no archive"))}))
	s.until("that it is none", func() bool { return s.text("wrong") != "" && s.text("app") == "" })
}

// Archives with an embedded model, and with a dictionary, which has to be given.
func TestModelAndDictionary(t *testing.T) {
	s := show(t)
	prose, err := os.ReadFile("../../docs/DETERMINISM.md")
	if err != nil {
		t.Fatal(err)
	}
	prose = prose[:3000]
	store := models.NewStore(models.Options{Embedded: embedded.Models(), Path: []string{}})
	defer store.Close()
	for _, name := range []string{"base", "nano"} {
		m, err := store.Open(t.Context(), name, "")
		if err != nil {
			t.Fatal(err)
		}
		s.open(s.write(name+".lmz", archivetest.Compress(t, m, prose, stream.WithMethod(codec.LM))))
		s.until("its text", func() bool { return strings.Contains(s.text("lines"), strings.Split(string(prose), "\n")[2]) })
		if got := s.text("facts"); !strings.Contains(got, "model\nlmz-"+name) {
			t.Errorf("it says of the archive %q", got)
		}
	}

	text := logText(300)
	words := dict.Build([][]byte{logText(200)}, 10000)
	file := s.write("with.lmz", archivetest.Compress(t, nil, text, stream.WithDictionary(words)))
	s.open(file)
	s.until("that it needs a dictionary", func() bool { return strings.Contains(s.text("wrong"), "dictionary") })
	s.open(file, s.write("words.dict", words))
	s.until("its text", func() bool { return strings.Contains(s.text("lines"), "shop[") })
	if got := s.text("wrong"); got != "" {
		t.Errorf("it says %q", got)
	}
}

// Whatever a log says is shown, and does nothing.
func TestHostileText(t *testing.T) {
	s := show(t)
	const evil = `</script><script>window.owned=1</script><img src=x onerror="window.owned=2"><svg onload=owned=3>&lt; {{VERSION}} <!-- ` + "`"
	var text bytes.Buffer
	for range 30 {
		fmt.Fprintf(&text, "%s\x1b[31m \u202egnp.exe\x00 \xff\xfe end\r\n", evil)
	}
	text.WriteString(strings.Repeat("a long line without an end ✓ ", 20000))
	text.WriteString("\nthe last")
	s.open(s.write("<img src=x onerror=owned=4>.lmz", archivetest.Compress(t, nil, text.Bytes())))
	s.until("the text", func() bool { return s.first() != "" })
	row := s.value("document.querySelector('.row .t').textContent").(string)
	if want := evil + "␛[31m ‹U+202E›gnp.exe␀ \ufffd\ufffd end␍"; row != want {
		t.Errorf("it shows %q, want %q", row, want)
	}
	s.find("onerror")
	if got := s.value("typeof window.owned"); got != "undefined" {
		t.Error("a script of the log has run")
	}
	if got := s.value("document.images.length"); got != 0.0 {
		t.Errorf("%v images", got)
	}
	// The long line comes in parts, both ways.
	s.key(kb.End)
	s.until("the end", func() bool { return strings.Contains(s.text("lines"), "the last") })
	for _, way := range []struct{ click, want string }{{"earlier", "gnp.exe"}, {"later", "the last"}} {
		s.until(way.want, func() bool {
			s.value("document.getElementById('" + way.click + "').click()")
			return strings.Contains(s.value("document.getElementById('lines').textContent").(string), way.want)
		})
	}
	s.value("window.long = [...document.querySelectorAll('.row')].filter(r => r.dataset.line === '30').map(r => r.querySelector('.t').textContent).join('')")
	if got := s.value("window.long").(string); got != strings.Repeat("a long line without an end ✓ ", 20000) {
		t.Errorf("the long line has %d bytes, want %d", len(got), 20000*len("a long line without an end ✓ "))
	}
}

// The page cannot reach a network, whatever its scripts try.
func TestNoNetwork(t *testing.T) {
	s := show(t)
	s.value(`window.refused = []; document.addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));
		for (const f of [() => fetch('http://127.0.0.1:9/'), () => navigator.sendBeacon('http://127.0.0.1:9/', 'x'), () => new WebSocket('ws://127.0.0.1:9/'),
			() => { const i = document.createElement('img'); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i); },
			() => { const i = document.createElement('iframe'); i.src = 'http://127.0.0.1:9/'; document.body.append(i); }]) try { f()?.catch?.(() => {}); } catch {}; 1`)
	s.until("refusals", func() bool {
		return s.value("refused.filter(d => d === 'connect-src').length") == 3.0 && s.value("refused.includes('img-src') && refused.includes('frame-src')") == true
	})
	s.mu.Lock()
	s.wrong = nil // what the browser says of these
	s.mu.Unlock()
}

// A large archive is opened without being read or decompressed: the chunks that are seen alone.
func TestLargeArchive(t *testing.T) {
	s := show(t)
	part := archivetest.Compress(t, nil, logText(40000), stream.WithLevel(1), stream.WithChunkSize(1<<20), stream.WithPrimer(20000))
	const parts = 300
	text := logText(40000)
	file := s.write("large.lmz", bytes.Repeat(part, parts))
	call(s, performance.Enable, performance.EnableParams{})
	used := func() (seconds float64) {
		m, err := chromedp.Call(s.ctx, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range m.Metrics {
			if x.Name == "ProcessTime" {
				seconds = x.Value
			}
		}
		return seconds
	}
	start, before := time.Now(), used()
	s.open(file)
	took, cpu := time.Since(start), used()-before
	if got, want := s.text("facts"), grouped(40000*parts); !strings.Contains(got, want) {
		t.Errorf("it says %q, want %s lines", got, want)
	}
	t.Logf("%d MB of content, %d MB of archive: the first lines after %v, %.1f s of CPU; %.1f s for the page", len(text)*parts/1e6, len(part)*parts/1e6, took, cpu, before)
	s.line(40000*(parts-1) + 17)
	if got := s.value("document.querySelector('.here .t').textContent").(string); got != strings.Split(string(text), "\n")[16] {
		t.Errorf("the line is %q", got)
	}
}
