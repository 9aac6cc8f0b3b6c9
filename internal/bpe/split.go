package bpe

// wordLength is the length of the first word of a text that is not empty. Words are what Llama 3's
// pattern matches, and tokens never span two:
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
//	 ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func wordLength(text []byte) int {
	if n := contraction(text); n > 0 {
		return n
	}
	first, n := classOf(text)
	if first == letter {
		return n + run(text[n:], letter)
	}
	if first == number {
		for range 2 {
			if c, size := classOf(text[n:]); c == number {
				n += size
			}
		}
		return n
	}
	if first != newline {
		if letters := run(text[n:], letter); letters > 0 {
			return n + letters
		}
	}
	skip := 0
	if text[0] == ' ' {
		skip = 1
	}
	if others := run(text[skip:], other); others > 0 {
		n = skip + others
		for n < len(text) && (text[n] == '\r' || text[n] == '\n') {
			n++
		}
		return n
	}
	return spaces(text)
}

// contraction is the length of 's, 't, 're, 've, 'm, 'll or 'd that text begins with, or 0. A text
// that is one is a word in any case: an apostrophe and letters.
func contraction(text []byte) int {
	if len(text) < 3 || text[0] != '\'' {
		return 0
	}
	switch text[1] | 0x20 {
	case 's', 't', 'm', 'd':
		return 2
	}
	switch string([]byte{text[1] | 0x20, text[2] | 0x20}) {
	case "re", "ve", "ll":
		return 3
	}
	return 0
}

// spaces is the length of the first word of a text that begins with white space: up to the last
// line end of the run, else without the last character unless the text ends with it.
func spaces(text []byte) int {
	n, lineEnd, last := 0, 0, 0
	for {
		c, size := classOf(text[n:])
		if c != space && c != newline {
			break
		}
		last = n
		if n += size; c == newline {
			lineEnd = n
		}
	}
	if lineEnd > 0 {
		return lineEnd
	}
	if last > 0 && n < len(text) {
		return last
	}
	return n
}

// run is the number of bytes of the characters of one class that text begins with.
func run(text []byte, c class) (n int) {
	for {
		next, size := classOf(text[n:])
		if next != c {
			return n
		}
		n += size
	}
}
