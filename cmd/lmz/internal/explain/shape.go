package explain

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
	date                        // holds yyyy-mm-dd
	base64ish                   // only what base64 is written with
	word                        // only letters
	path                        // begins with / or holds ://
	allShapes = 1<<iota - 1
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
	seen := uint8(0)
	for _, c := range v {
		seen |= classes[c]
	}
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
	if seen&isDigit == 0 {
		if len(v) > 1 && v[0] == '/' {
			s |= path
		}
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
	if len(v) > 1 && v[0] == '/' {
		s |= path
	}
	for i := range v {
		if i+5 <= len(v) && v[i+2] == ':' && allDigits(v[i:i+2]) && allDigits(v[i+3:i+5]) {
			s |= clock
			break
		}
	}
	for i := range v {
		if i+10 <= len(v) && (v[i+4] == '-' || v[i+4] == '/' || v[i+4] == '.') && v[i+7] == v[i+4] &&
			allDigits(v[i:i+4]) && allDigits(v[i+5:i+7]) && allDigits(v[i+8:i+10]) {
			s |= date
			break
		}
	}
	return s
}

func allDigits(v []byte) bool {
	for _, c := range v {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
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
