package mix

// Parts of the model that can be left out, to measure what they are worth. Payloads that were coded
// without one are no part of the format.
type Parts uint8

const (
	Prior   Parts = 1 << iota // the text that is read before anything else
	Learnt                    // weights of the mixers that were learnt from many texts
	Experts                   // those that predict whole bytes, and guesses and runs with them
)

// silence makes the experts forget what they foresee, if they are left out.
func (m *model) silence() {
	if m.kind.without&Experts != 0 {
		m.cursor.experts = [expertCount]expert{}
	}
}
