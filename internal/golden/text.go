package golden

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Kinds are the kinds of text that Text makes.
var Kinds = []string{"log", "prose", "table"}

// Text makes n bytes of a kind, cut off anywhere. Texts of other seeds are of the same kind, but
// others.
func Text(kind string, seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(len(kind))))
	line := map[string]func(*rand.Rand, *bytes.Buffer, int){"log": logLine, "prose": paragraph, "table": row}[kind]
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		line(r, &b, i)
	}
	return b.Bytes()[:n]
}

// skewed is a number below n, small ones more often.
func skewed(r *rand.Rand, n int) int { return r.IntN(r.IntN(n) + 1) }

func logLine(r *rand.Rand, b *bytes.Buffer, i int) {
	second := 41_000 + 2*i + r.IntN(2)
	stamp := fmt.Sprintf("2031-05-%02d %02d:%02d:%02d.%03d", 11+second/86400, second/3600%24, second/60%60, second%60, r.IntN(1000))
	ip := fmt.Sprintf("10.20.%d.%d", skewed(r, 6), skewed(r, 250))
	switch r.IntN(9) {
	case 0, 1, 2:
		fmt.Fprintf(b, "%s [%d] INFO gateway - %s \"GET /v2/orders/%d HTTP/1.1\" %d %d \"agent/%d.%d\"\n", stamp, 3000+skewed(r, 9), ip,
			70_000+i/2, []int{200, 200, 200, 304, 404, 502}[skewed(r, 6)], 300+skewed(r, 9000), 1+skewed(r, 3), skewed(r, 12))
	case 3, 4:
		id := r.Uint64()
		fmt.Fprintf(b, "{\"at\":\"%s\",\"level\":\"%s\",\"span\":\"%016x\",\"parent\":\"%016x\",\"took_ms\":%d.%d,\"ok\":%v}\n", stamp,
			[]string{"debug", "info", "warn"}[skewed(r, 3)], id, id^uint64(skewed(r, 256)), skewed(r, 400), r.IntN(10), r.IntN(7) > 0)
	case 5, 6:
		fmt.Fprintf(b, "<%d>%s node-%02d kernel: [%6d.%06d] eth%d: link up, %d Mbps, queue %d/256\n", 30+skewed(r, 5), stamp, skewed(r, 20),
			i/3, r.IntN(1_000_000), skewed(r, 3), []int{1000, 10000, 100}[skewed(r, 3)], skewed(r, 256))
	case 7:
		fmt.Fprintf(b, "%s [%d] ERROR worker - job %08x failed after %d tries\r\n", stamp, 3000+skewed(r, 9), r.Uint32(), 1+skewed(r, 5))
		for depth := range 1 + skewed(r, 4) {
			fmt.Fprintf(b, "\tat com.example.queue.Worker$%d.run(Worker.java:%d)\n", depth, 40+skewed(r, 300))
		}
	default:
		fmt.Fprintf(b, "%s login user=%s from=%s port=%d session=%06d\n", stamp,
			[]string{"ines", "bo", "система", "deploy", "root"}[skewed(r, 5)], ip, 1024+r.IntN(60_000), 100_000+i)
	}
}

var syllables = strings.Fields("ta re mi no lu sen dor vi ka pel ost ran the in er an ous ly ing ed ter ba cru shi mo fe qua wen ol du")

// words is a vocabulary of short words and long ones.
func words(r *rand.Rand) (list []string) {
	for i := range 700 {
		var w string
		for range 1 + skewed(r, 2+i/150) {
			w += syllables[r.IntN(len(syllables))]
		}
		list = append(list, w)
	}
	return list
}

var vocabulary = words(rand.New(rand.NewPCG(20, 31)))

func paragraph(r *rand.Rand, b *bytes.Buffer, i int) {
	before := 0
	for range 2 + r.IntN(5) {
		count := 4 + skewed(r, 20)
		for k := range count {
			at := skewed(r, skewed(r, len(vocabulary))+1)
			if r.IntN(3) == 0 { // a word's follower is mostly the same
				at = (7*before + 3) % len(vocabulary)
			}
			before = at
			w := vocabulary[at]
			switch {
			case k == 0:
				w = strings.ToUpper(w[:1]) + w[1:]
			case r.IntN(14) == 0:
				b.WriteString(",")
			case r.IntN(90) == 0:
				b.WriteString(" —")
			}
			if k > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(w)
		}
		b.WriteString([]string{". ", ". ", "? ", "; "}[skewed(r, 4)])
	}
	b.WriteString("\n\n")
}

func row(r *rand.Rand, b *bytes.Buffer, i int) {
	if i == 0 {
		b.WriteString("id;station;day;degrees;rain_mm;wind;flags;note\n")
	}
	fmt.Fprintf(b, "%d;ST-%03d;%d-%02d-%02d;%d.%d;%d.%02d;%3d;%s;%s\n", 100_000+7*i, i%24, 1990+i/365, 1+i/30%12, 1+i%30,
		skewed(r, 35)-8, r.IntN(10), skewed(r, 40), 25*r.IntN(4), skewed(r, 120), []string{"", "Q", "QX", "N/A"}[skewed(r, 4)],
		[]string{"", "", "estimated", "sensor replaced, see log"}[skewed(r, 4)])
}
