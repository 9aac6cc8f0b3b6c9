//go:build amd64 && !purego

package exact

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// The bytes that stand for VPDPBUSD with a VEX prefix are what the comment above them says, by the
// table of the instruction: VEX.256.66.0F38.W0 50 /r. Few machines could run them to see.
func TestVEX(t *testing.T) {
	source, err := os.ReadFile("matmul_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	instructions := regexp.MustCompile(`// (VPDPBUSD .*)\n((?:\tBYTE +\$0x..\n)*)`).FindAllSubmatch(source, -1)
	if len(instructions) == 0 {
		t.Fatal("none found")
	}
	for _, m := range instructions {
		var b []byte
		for _, v := range regexp.MustCompile(`0x..`).FindAllString(string(m[2]), -1) {
			n, _ := strconv.ParseUint(v, 0, 8)
			b = append(b, byte(n))
		}
		if got := decodeVEX(b); got != string(m[1]) {
			t.Errorf("% x is %s, but is called %s", b, got, m[1])
		}
	}
}

// The decoder agrees with what binutils make of some registers.
func TestDecodeVEX(t *testing.T) {
	for want, b := range map[string][]byte{
		"VPDPBUSD Y2, Y0, Y1":    {0xc4, 0xe2, 0x7d, 0x50, 0xca},
		"VPDPBUSD Y8, Y9, Y0":    {0xc4, 0xc2, 0x35, 0x50, 0xc0},
		"VPDPBUSD Y3, Y12, Y14":  {0xc4, 0x62, 0x1d, 0x50, 0xf3},
		"VPDPBUSD Y15, Y7, Y8":   {0xc4, 0x42, 0x45, 0x50, 0xc7},
		"no VPDPBUSD of 256 bit": {0xc4, 0xe2, 0x79, 0x50, 0xca},
	} {
		if got := decodeVEX(b); got != want {
			t.Errorf("% x is %s, want %s", b, got, want)
		}
	}
}

func decodeVEX(b []byte) string {
	if len(b) != 5 || b[0] != 0xc4 || b[1]&0x5f != 0x42 || b[2]&0x87 != 0x05 || b[3] != 0x50 || b[4]>>6 != 3 {
		return "no VPDPBUSD of 256 bit"
	}
	reg := b[4]>>3&7 | ^b[1]>>7<<3
	vvvv := ^b[2] >> 3 & 15
	rm := b[4]&7 | ^b[1]>>5&1<<3
	return fmt.Sprintf("VPDPBUSD Y%d, Y%d, Y%d", rm, vvvv, reg)
}
