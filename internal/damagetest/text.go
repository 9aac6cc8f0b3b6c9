package damagetest

import (
	"math/rand/v2"
	"os"
	"testing"
)

// LogExcerpt is the first n bytes of a real log, for packages one folder below the root.
func LogExcerpt(t testing.TB, n int) []byte {
	t.Helper()
	b, err := os.ReadFile("../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

// ModelText is n bytes of text in which two letters mostly say which the next one is.
func ModelText(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, n)
	var a, b byte
	for i := range text {
		c := (5*a + 4*b + 1) % 8
		if r.IntN(9) == 0 {
			c = byte(r.IntN(8))
		}
		a, b = b, c
		text[i] = "abcdefg\n"[c]
	}
	return text
}
