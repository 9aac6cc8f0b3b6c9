//go:build amd64 && !purego

package exact

import (
	"os"
	"regexp"
	"testing"
)

// The passes with AVX2 use 16 registers: with more of them the assembler would take AVX-512's form of
// an instruction, and no machine that has it runs these passes to see.
func TestVectorRegisters(t *testing.T) {
	source, err := os.ReadFile("vector_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	functions := regexp.MustCompile(`(?m)^TEXT ·(\w+)AVX2\((?:.*\n)(?:\t.*\n|\n|\w+:\n)*`).FindAll(source, -1)
	if len(functions) != 10 {
		t.Errorf("%d passes with AVX2, want 10", len(functions))
	}
	for _, f := range functions {
		if r := regexp.MustCompile(`\b([XY](1[6-9]|[23]\d)|Z\d+|K\d)\b`).Find(f); r != nil {
			t.Errorf("%.40s uses %s", f, r)
		}
	}
}
