package explain

import "bytes"

// shape is a set of forms that a value has, as bits.
type shape uint16

const (
	digits    shape = 1 << iota // only digits
	decimal                     // a number, perhaps with a sign and a fraction
	hexLower                    // only 0-9a-f
	hexUpper                    // only 0-9A-F
	uuid                        // 8-4-4-4-12 hex digits
	ipv4                        // four numbers with dots, perhaps a port
	clock                       // holds hh:mm
	date                        // holds yyyy-mm-dd or dd/Mmm/yyyy
	base64ish                   // only what base64 is written with
	word                        // only letters
	path                        // begins with /
	url                         // holds ://

	shapeKinds = iota
)

// Classes of bytes that shapes are made of.
const (
	isDigit = 1 << iota
	isLowerHex
	isUpperHex
	isLetter
	isBase64Sign // +, /, -, _ and =
	isOther
)

var classes = func() (set [256]uint8) {
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9':
			set[c] = isDigit
		case c >= 'a' && c <= 'f':
			set[c] = isLowerHex
		case c >= 'A' && c <= 'F':
			set[c] = isUpperHex
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			set[c] = isLetter
		case c == '+', c == '/', c == '-', c == '_', c == '=':
			set[c] = isBase64Sign
		default:
			set[c] = isOther
		}
	}
	return set
}()

// shapeOf gives the forms that a value has.
func shapeOf(v []byte) (s shape) {
	seen := classesOf(v)
	if seen&^isDigit == 0 {
		s |= digits | decimal
	}
	if seen&^(isDigit|isLowerHex) == 0 {
		s |= hexLower
	}
	if seen&^(isDigit|isUpperHex) == 0 {
		s |= hexUpper
	}
	if seen&isOther == 0 {
		s |= base64ish
	}
	if seen&^(isLowerHex|isUpperHex|isLetter) == 0 {
		s |= word
	}
	if len(v) > 1 && v[0] == '/' {
		s |= path
	}
	if seen&isOther != 0 && bytes.Contains(v, []byte("://")) {
		s |= url
	}
	if seen&isDigit == 0 {
		return s
	}
	if isDecimal(v) {
		s |= decimal
	}
	if isUUID(v) {
		s |= uuid
	}
	if isIPv4(v) {
		s |= ipv4
	}
	for i := range v {
		if i+5 <= len(v) && v[i+2] == ':' && allDigits(v[i:i+2]) && v[i] <= '2' && allDigits(v[i+3:i+5]) && (i == 0 || classes[v[i-1]]&isDigit == 0) {
			s |= clock
			break
		}
	}
	for i := range v {
		if i+10 <= len(v) && isDate(v[i:]) {
			s |= date
			break
		}
	}
	return s
}

func classesOf(v []byte) (seen uint8) {
	for _, c := range v {
		seen |= classes[c]
	}
	return seen
}

func allDigits(v []byte) bool {
	for _, c := range v {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isDate says whether v, of ten bytes or more, begins with a date.
func isDate(v []byte) bool {
	if (v[4] == '-' || v[4] == '/' || v[4] == '.') && v[7] == v[4] {
		return allDigits(v[:4]) && allDigits(v[5:7]) && allDigits(v[8:10])
	}
	return v[2] == '/' && v[6] == '/' && allDigits(v[:2]) && allDigits(v[7:10])
}

func isDecimal(v []byte) bool {
	if len(v) > 0 && (v[0] == '-' || v[0] == '+') {
		v = v[1:]
	}
	points := 0
	for _, c := range v {
		if c == '.' {
			points++
		} else if c < '0' || c > '9' {
			return false
		}
	}
	return points <= 1 && len(v) > points
}

func isUUID(v []byte) bool {
	if len(v) != 36 {
		return false
	}
	for i, c := range v {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if classes[c]&(isDigit|isLowerHex|isUpperHex) == 0 {
			return false
		}
	}
	return true
}

// isIPv4 takes an address with a port for one, too.
func isIPv4(v []byte) bool {
	dots, run := 0, 0
	for i, c := range v {
		switch {
		case c >= '0' && c <= '9':
			run++
		case c == '.' && run > 0 && run < 4:
			dots++
			run = 0
		case (c == ':' || c == '/') && dots == 3 && run > 0:
			return run < 4 && len(v) > i+1 && allDigits(v[i+1:])
		default:
			return false
		}
	}
	return dots == 3 && run > 0 && run < 4
}

// fraction gives where the digits behind the seconds of a time begin and end, 0 and 0 if there are
// none.
func fraction(v []byte) (from, to int) {
	for i := range v {
		if i+4 <= len(v) && v[i] == ':' && allDigits(v[i+1:i+3]) && (v[i+3] == '.' || v[i+3] == ',') {
			to = i + 4
			for to < len(v) && v[to] >= '0' && v[to] <= '9' {
				to++
			}
			if to > i+4 {
				return i + 4, to
			}
		}
	}
	return 0, 0
}
