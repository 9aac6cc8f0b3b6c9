package mix

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

// pinned is what testdata/pins.txt holds: the format is what it says. There is a line for each
// level's model, and one for each payload.
const pinned = "testdata/pins.txt"

// prosaic is prose of about n bytes: words by their rank, in sentences, some of them again and
// again.
func prosaic(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	syllables := strings.Fields("ta re mi lo san der un of the and ing her hat was en ou ght pre con ly")
	words := make([]string, 400)
	for i := range words {
		for range 1 + r.IntN(3) {
			words[i] += syllables[r.IntN(len(syllables))]
		}
	}
	var b bytes.Buffer
	var before string
	for b.Len() < n {
		for i := range 4 + r.IntN(12) {
			w := words[r.IntN(1+r.IntN(1+r.IntN(len(words))))]
			if r.IntN(3) == 0 && before != "" {
				w = words[(len(before)*37+int(before[0])*11)%len(words)] // words follow words
			}
			if i == 0 {
				w = strings.ToUpper(w[:1]) + w[1:]
			}
			b.WriteString(w)
			b.WriteByte(" ,"[r.IntN(12)/11])
			before = w
		}
		b.WriteString(". \n"[:2+r.IntN(2)])
	}
	return b.Bytes()[:n]
}

// table is rows of one width of counters and measures that drift, as tables and images are.
func table(n int, seed uint64) (t []byte) {
	r := rand.New(rand.NewPCG(seed, 3))
	a, b := uint32(1000), uint32(77)
	for i := uint32(0); len(t) < n; i++ {
		a, b = a+r.Uint32N(3), b+r.Uint32N(5)-2
		t = append(t, 0xfe, byte(i), byte(i>>8), byte(a), byte(a>>8), byte(b), 0, 0, byte(a^b), byte(i%7*30), 1, 0, byte(r.Uint32N(4)))
	}
	return t[:n]
}

// numbered is lines whose numbers and times go on, and whose tokens repeat tokens of the same line.
func numbered(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 4))
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		now := 86300 + i*7
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, "%02d:%02d:%02d job %d: part %05d of %d, next %d\r\n", now/3600%24, now/60%60, now%60, 3*i, 7*i, 99*i, 7*i)
		case 1:
			id := r.Uint32()
			fmt.Fprintf(&b, "[%02d.%02d.%02d] at=%d id=%x ref=%x code=\"%d\" \\path\\%x\n", now/3600%24, now/60%60, now%60, 1700000000+now, id, id, 10000-i, id)
		default:
			fmt.Fprintf(&b, "%d.%03d seen %d%03d again (%d) <tag> 'quote' {%d}!\n", 1600000000+now, i%1000, 1600000000+now, i%1000, i*i, i/5)
		}
	}
	return b.Bytes()[:n]
}

// pinnedTexts are long enough for what acts late: rates that fall, counts that stay at their
// limits, questions about runs.
func pinnedTexts() []struct {
	name string
	text []byte
} {
	return []struct {
		name string
		text []byte
	}{
		{"log", append(lines(100, 1), numbered(5000, 1)...)},
		{"prose", prosaic(6000, 1)},
		{"ticking", ticking(6000, 1)},
		{"table", append(table(4000, 1), noise(300)...)},
		{"identifiers", identifiers(200, 1)},
		{"runs", patchwork(rand.New(rand.NewPCG(5, 5)), 16000)},
		{"tiny", []byte("12:00:01 host sshd[7]: session opened for user root\n")},
		{"short", lines(4, 9)},
		{"every byte", samples()["every byte"]},
		{"letters", []byte(strings.Repeat("aaaaaaaaab", 26) + strings.Repeat("abcde 1 23456789 ", 3))},
	}
}

// What is prose, or foreign, does not depend on how many bits an int has.
func TestLettersOfLargeChunks(t *testing.T) {
	for _, c := range []struct {
		letters
		prose, foreign bool
	}{
		{letters{all: 450e6, small: 230e6, digits: 100e6}, false, false},
		{letters{all: 450e6, small: 300e6, digits: 100e6, changes: 450e6, controls: 20e6}, false, false},
		{letters{all: 450e6, small: 300e6, digits: 10e6}, true, false}, {letters{all: 1 << 30, small: 1e9}, true, false},
		{letters{all: 1 << 30, changes: 1 << 30, controls: 1 << 29}, false, true},
	} {
		if prose, foreign := c.letters.prose(), c.letters.foreign(); prose != c.prose || foreign != c.foreign {
			t.Errorf("%+v: prose %v, foreign %v", c.letters, prose, foreign)
		}
	}
}

// What is prose is told right at its edges.
func TestIsProse(t *testing.T) {
	for _, c := range []struct {
		small, digits, others int
		want                  bool
	}{
		{96, 4, 0, false}, {9601, 399, 0, true}, {62, 0, 38, false}, {63, 0, 37, true}, {625, 0, 375, false}, {626, 0, 374, true},
		{0, 0, 0, false}, {1, 0, 0, true},
	} {
		text := strings.Repeat("z", c.small/2) + strings.Repeat(" ", c.small-c.small/2) + strings.Repeat("9", c.digits) + strings.Repeat("~", c.others)
		if got := lettersOf(t.Context(), []byte(text)).prose(); got != c.want {
			t.Errorf("%d small letters and spaces, %d digits, %d others: %v", c.small, c.digits, c.others, got)
		}
	}
}

// What is foreign is told right at its edges, and lines of any text are not.
func TestForeign(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{"abababa\x01", false}, {"ababab\x1f", true}, {"ababab ", false},
		{"a\tb\r\n\t\r\n", false}, {"\x80\xff\x7f", false}, {"\x01", true}, {"", false},
		{strings.Repeat("ab", 8) + strings.Repeat("\x00", 1000), false}, {strings.Repeat("\x00\x00\x00\x07", 9), true},
	} {
		if got := lettersOf(t.Context(), []byte(c.text)).foreign(); got != c.want {
			t.Errorf("%q: %v", c.text, got)
		}
	}
}

// Few bytes of prose are guessed: the faster levels for logs would guess more of them, in vain.
func TestProseGuesses(t *testing.T) {
	for level := firstProseLevel; level < len(levels); level++ {
		if got, want := proseLevels[level].guessOver, max(levels[level].guessOver, 65000); got != want {
			t.Errorf("-%d: bytes are guessed from %d on, want %d", level, got, want)
		}
	}
}

// Foreign bytes are coded without what was learnt from texts, and come back, also where others start
// from them.
func TestForeignStartsFromNothing(t *testing.T) {
	text := make([]byte, 0, 8000)
	for i := range 1000 {
		text = append(text, byte(i), byte(i>>8), 0, 0, byte(i*i), 1, 0, 0)
	}
	var c Coder
	for level := range levels {
		for _, later := range []int{0, 1000} {
			p := Params{Level: level, Later: later}
			payload, err := c.Encode(t.Context(), p, nil, text)
			if err != nil {
				t.Fatal(err)
			}
			if k := c.model.kind; !k.foreign || k.prose {
				t.Errorf("-%d: kind %+v", level, k)
			}
			l := c.model.level
			if l.prior != (preparation{}) || level >= firstProseLevel && (len(l.contexts) != len(everyContext) || l.guessOver != max(levels[level].guessOver, 65000)) {
				t.Errorf("-%d: %+v", level, l)
			}
			if got, err := c.Decode(t.Context(), p, nil, payload, len(text)); err != nil || !bytes.Equal(got, text) {
				t.Errorf("-%d: other bytes, %v", level, err)
			}
		}
		taken := c.Take()
		primed, err := Prime(t.Context(), level, 1000, text)
		if err != nil {
			t.Fatal(err)
		}
		rest := text[3000:3500]
		one, _ := c.Encode(t.Context(), Params{Level: level, Primed: taken}, nil, rest)
		other, _ := c.Encode(t.Context(), Params{Level: level, Primed: primed}, nil, rest)
		if len(one) == 0 || !bytes.Equal(one, other) {
			t.Errorf("-%d: %x behind the chunk, %x behind its text", level, one, other)
		}
	}
}

// A change of any line is a change of the format, and has its line in CHANGELOG.md.
func TestPins(t *testing.T) {
	p := openPins(t, pinned)
	p.add("prior of %d bytes: %x", len(prior()), sha256Of(prior()))
	var weights []int16
	for pupil := range pupils {
		weights = append(weights, learnt(pupil)...)
	}
	p.add("weights: %x", sha256Of(join16(weights)))
	for number := 0; number < len(levels); number++ {
		for _, sort := range []kind{{}, {prose: true}, {foreign: true}} {
			for _, size := range []int64{1, 512, 1 << 12, 1 << 16, 1 << 31} {
				k := kindFor(number, sort.prose, size, size < 1<<31)
				k.foreign = sort.foreign && k.number != tiny
				l := k.spec()
				h := sha256.Sum256(fmt.Append(nil, l))
				p.add("level %d prose=%v foreign=%v size=%d: slots=%d matches=%d places=%d differences=%d apms=%d direct=%d guesses=%d guess over %d, prior of %d, %d taught, model %x",
					number, sort.prose, sort.foreign, size, l.slotBits, l.matchBits, l.placeBits, l.deltaBits(), l.apmBits, l.directBits, l.guessBits, l.guessOver, l.prior.history, l.prior.taught, h[:6])
			}
		}
	}
	var c Coder
	for _, in := range pinnedTexts() {
		first := len(in.text) / 3
		for number := 0; number < len(levels); number++ {
			cold, err := c.Encode(t.Context(), Params{Level: number}, nil, in.text)
			if err != nil {
				t.Fatal(err)
			}
			start, err := Prime(t.Context(), number, len(in.text), in.text[:first])
			if err != nil {
				t.Fatal(err)
			}
			later, err := c.Encode(t.Context(), Params{Level: number, Primed: start}, nil, in.text[first:])
			if err != nil {
				t.Fatal(err)
			}
			p.add("payload %s level %d: cold %d %x, primed %d %x", in.name, number,
				len(cold), sha256Of(cold), len(later), sha256Of(later))
		}
		for _, number := range []int{4, 9} {
			advised, alone, err := c.EncodeBoth(t.Context(), Params{Level: number, Advisor: &halfOracle{text: in.text}}, nil, nil, in.text[:min(len(in.text), 3000)])
			if err != nil {
				t.Fatal(err)
			}
			p.add("payload %s level %d advised: %d %x, alone %d %x", in.name, number, len(advised), sha256Of(advised), len(alone), sha256Of(alone))
		}
	}
	long, err := c.Encode(t.Context(), Params{Level: 5}, nil, prosaic(44000, 1)) // until its weights move at their final rate
	if err != nil {
		t.Fatal(err)
	}
	p.add("payload long prose level 5: cold %d %x", len(long), sha256Of(long))
	p.close()
}

func sha256Of(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:6]
}

// pins compares lines with those of a file, or writes them with -update.
type pins struct {
	t         *testing.T
	file      string
	want, got []string
	wrong     int
}

func openPins(t *testing.T, file string) *pins {
	p := &pins{t: t, file: file}
	if golden.Updating() {
		return p
	}
	all, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p.want = strings.Split(strings.TrimSuffix(string(all), "\n"), "\n")
	return p
}

func (p *pins) add(format string, args ...any) {
	p.t.Helper()
	line := fmt.Sprintf(format, args...)
	p.got = append(p.got, line)
	if n := len(p.got); golden.Updating() || n <= len(p.want) && line == p.want[n-1] {
		return
	}
	p.t.Errorf("the format has changed: %s", line)
	if p.wrong++; p.wrong == 10 {
		p.t.FailNow() // more of them say no more
	}
}

func (p *pins) close() { golden.Stored(p.t, p.file, []byte(strings.Join(p.got, "\n")+"\n")) }

// halfOracle knows every other byte of the text, with less and less confidence, and has no opinion
// on some.
type halfOracle struct {
	text []byte
	at   int
	cost int32
}

func (o *halfOracle) Byte(_ byte, cost, saved int32) {
	o.at++
	o.cost += cost - saved // bears on what is said next, so that it is pinned, too
}

func (o *halfOracle) Run(text []byte) { o.at += len(text) }

func (o *halfOracle) Bit(partial uint32) (p, confidence uint32) {
	if o.at%5 == 4 || o.at >= len(o.text) {
		return 0, 0
	}
	b := uint32(o.text[o.at]) | 256
	confidence = uint32(o.at % 16)
	if o.at%2 == 1 {
		return 20000 + uint32(o.cost)%4096, confidence
	}
	for n := range 8 {
		if b>>(8-n) == partial {
			return 3000 + (65536-6000)*(b>>(7-n)&1), confidence
		}
	}
	return 9000, confidence
}
