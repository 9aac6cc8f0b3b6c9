package main

import (
	"bytes"
	"testing"
)

// The log is the same each time, and ids are in lines near each other.
func TestBlockLog(t *testing.T) {
	const size = 4 << 20
	log, ids := blockLog(size, 1)
	if again, _ := blockLog(size, 1); !bytes.Equal(again, log) || len(log) != size {
		t.Error("another log the second time")
	}
	if other, _ := blockLog(size, 2); bytes.Equal(other, log) {
		t.Error("the seed has no effect")
	}
	apart := 0
	for _, id := range ids[:100] {
		apart += bytes.LastIndex(log, []byte(id)) - bytes.Index(log, []byte(id))
		if n := bytes.Count(log, []byte(id+" ")) + bytes.Count(log, []byte(id+"\n")); n < 12 || n > 22 {
			t.Errorf("%s is in %d lines", id, n)
		}
	}
	if apart > 100*size/3 {
		t.Errorf("the first and the last line of an id are %d bytes from each other on average", apart/100)
	}
}
