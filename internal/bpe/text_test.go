package bpe_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// texts are generated texts of the kinds that split in different ways, each of about size bytes and
// valid UTF-8.
func texts(seed uint64, size int) map[string][]byte {
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(from string) string {
		runes := []rune(from)
		return string(runes[random.IntN(len(runes))])
	}
	repeat := func(part func() string) []byte {
		var b strings.Builder
		for b.Len() < size {
			b.WriteString(part())
		}
		return []byte(b.String())
	}
	words := strings.Fields(`the quick session opened for user root by it's they'll WE'RE I'D request failed with status
		"GET /index.html HTTP/1.1" [error] key=value {"id":42,"name":"nginx"} 0x7fff 3.14159 -- naïve Größe
		Привет мир 東京 ٣٤٥ ½ ² e.g. /var/log/syslog.1 don't 'S 'tis O'Reilly's a_b-c`)
	log := 0
	classes := []string{
		"etaoinshrdlu", "ETAOIN", "0123456789", "٣४๕½²Ⅷ〇", " ", " ", "\t", "\n", "\r", "\v\f\u0085\u00a0\u2003\u2028\u3000\u1680",
		".,;:-_/\\|()[]{}<>=+*&^%$#@!?~`\"'", "'", "'s", "'LL", "éüßñøЖщλ中文カ한글ءपก", "\u0301\u200d\ufe0f", "€£→∑😀🏳️‍🌈", "\x00\x01\x1b\x7f",
		"\U0002ebf0\U0002ee5d\u0378\U000e0001\U0010ffff\ufffd\ue000",
	}
	return map[string][]byte{
		"logs": repeat(func() string {
			log += random.IntN(3)
			return fmt.Sprintf("2026-03-%02dT%02d:%02d:%02d.%03dZ host%d sshd[%d]: Failed password for user%d from 10.%d.%d.7 port %d ssh2\n",
				1+log/86400%28, log/3600%24, log/60%60, log%60, random.IntN(1000), random.IntN(9), random.IntN(1<<16),
				random.IntN(99), random.IntN(256), random.IntN(256), random.IntN(1<<16))
		}),
		"prose": repeat(func() string { return words[random.IntN(len(words))] + pick("      ,.\n\t") }),
		"classes": repeat(func() string {
			return strings.Repeat(pick(classes[random.IntN(len(classes))]), 1+random.IntN(1+random.IntN(6)))
		}),
		"mixes":      repeat(func() string { return pick("   \n\n\r\ta1.'s\u00a0") }),
		"digits":     repeat(func() string { return pick("0123456789٣ .") }),
		"long run":   repeat(func() string { return pick("etaoinshrdlu") }),
		"one letter": repeat(func() string { return "a" }),
		"spaces":     repeat(func() string { return " " }),
		"lines":      repeat(func() string { return "\r\n" }),
		"dashes":     repeat(func() string { return "-=" }),
		"runes": repeat(func() string {
			for {
				if r := rune(random.IntN(0x110000)); r < 0xd800 || r > 0xdfff {
					return string(r)
				}
			}
		}),
	}
}
