// Command _asm writes the AVX2 forms of the mixer's two inner loops (go generate in the package above).
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// stretchMax is that of the package above.
const stretchMax = 12*256 - 1

func main() {
	ConstraintExpr("amd64,!purego")
	dot()
	mix()
	train()
	prefetch()
	prefetchCurves()
	predictStates()
	learnStates()
	Generate()
}

// dot computes, for each of k selected rows of weights, the sum of x[i]*hi[row+i] modulo 2^32.
func dot() {
	TEXT("dotAVX2", NOSPLIT, "func(x *int16, n int, hi *int16, rows *int32, out *int32, k int)")
	Pragma("noescape")
	Doc("dotAVX2 is dotGeneric; n is a multiple of 16.")
	x, n, hi := Load(Param("x"), GP64()), Load(Param("n"), GP64()), Load(Param("hi"), GP64())
	rows, out, k := Load(Param("rows"), GP64()), Load(Param("out"), GP64()), Load(Param("k"), GP64())
	Label("dotRow")
	w, i := GP64(), GP64()
	MOVLQSX(Mem{Base: rows}, w)
	LEAQ(Mem{Base: hi, Index: w, Scale: 2}, w)
	XORQ(i, i)
	acc, t := YMM(), YMM()
	VPXOR(acc, acc, acc)
	Label("dotLoop")
	VMOVDQU(Mem{Base: x, Index: i, Scale: 2}, t)
	VPMADDWD(Mem{Base: w, Index: i, Scale: 2}, t, t)
	VPADDD(t, acc, acc)
	ADDQ(Imm(16), i)
	CMPQ(i, n)
	JL(LabelRef("dotLoop"))
	h, g := XMM(), XMM()
	VEXTRACTI128(Imm(1), acc, h)
	VPADDD(acc.AsX(), h, h)
	VPSHUFD(Imm(0x4e), h, g)
	VPADDD(g, h, h)
	VPSHUFD(Imm(0xb1), h, g)
	VPADDD(g, h, h)
	VMOVD(h, Mem{Base: out})
	ADDQ(Imm(4), rows)
	ADDQ(Imm(4), out)
	DECQ(k)
	JNZ(LabelRef("dotRow"))
	VZEROUPPER()
	RET()
}

// mix is both layers of mixers, three rows at a time. What the last ones say is kept in a register
// for the second layer: a store that is loaded in another width is waited for.
func mix() {
	TEXT("mixAVX2", NOSPLIT, "func(x *int16, n int, hi *int16, rows *int32, k int, outs *int32, y *int16, finalHi *int16, finalRows *int32, finalOuts *int32)")
	Pragma("noescape")
	Doc("mixAVX2 is mixGeneric; n is a multiple of 16. It reads up to 2 rows and writes up to 3 outs behind the last.")
	x, n, hi := Load(Param("x"), GP64()), Load(Param("n"), GP64()), Load(Param("hi"), GP64())
	rows, k, outs, y := Load(Param("rows"), GP64()), Load(Param("k"), GP64()), Load(Param("outs"), GP64()), Load(Param("y"), GP64())
	LEAQ(Mem{Base: x, Index: n, Scale: 2}, x) // its end
	NEGQ(n)
	most, least := XMM(), XMM()
	limit := GP32()
	MOVL(U32(stretchMax), limit)
	VMOVD(limit, most)
	VPBROADCASTD(most, most)
	VPXOR(least, least, least)
	VPSUBD(most, least, least)
	masks := table("rowMasks")
	finalHi, finalRows := Load(Param("finalHi"), GP64()), Load(Param("finalRows"), GP64())
	var final [3]reg.GPVirtual
	var sums [3]reg.VecVirtual
	for j := range final {
		final[j], sums[j] = GP64(), XMM()
		MOVLQSX(Mem{Base: finalRows, Disp: 4 * j}, final[j])
		LEAQ(Mem{Base: finalHi, Index: final[j], Scale: 2}, final[j])
		VPXOR(sums[j], sums[j], sums[j])
	}
	// total adds the parts of each of three sums, of XMM or YMM; the fourth is of no meaning.
	total := func(a [3]reg.VecVirtual) {
		VPHADDD(a[1], a[0], a[0])
		VPHADDD(a[2], a[2], a[2])
		VPHADDD(a[2], a[0], a[0])
	}
	clip := func(v reg.VecVirtual) {
		VPSRAD(Imm(12), v, v)
		VPMINSD(most, v, v)
		VPMAXSD(least, v, v)
	}

	Label("mixRows")
	var w [3]reg.GPVirtual
	var acc [3]reg.VecVirtual
	for j := range w {
		w[j], acc[j] = GP64(), YMM()
		MOVLQSX(Mem{Base: rows, Disp: 4 * j}, w[j])
		LEAQ(Mem{Base: hi, Index: w[j], Scale: 2}, w[j])
		VPXOR(acc[j], acc[j], acc[j])
		SUBQ(n, w[j])
		SUBQ(n, w[j]) // the row's end
	}
	i := GP64()
	MOVQ(n, i)
	Label("mixLoop")
	v := YMM()
	VMOVDQU(Mem{Base: x, Index: i, Scale: 2}, v)
	for j := range w {
		t := YMM()
		VPMADDWD(Mem{Base: w[j], Index: i, Scale: 2}, v, t)
		VPADDD(t, acc[j], acc[j])
	}
	ADDQ(Imm(16), i)
	JNZ(LabelRef("mixLoop"))
	total(acc)
	high := XMM()
	VEXTRACTI128(Imm(1), acc[0], high)
	out := acc[0].AsX().(reg.VecVirtual)
	VPADDD(high, out, out)
	clip(out)
	left := GP64()
	CMPQ(k, Imm(3))
	MOVQ(k, left)
	three := GP64()
	MOVQ(U32(3), three)
	CMOVQGT(three, left)
	NEGQ(left)
	VPAND(Mem{Base: masks, Index: left, Scale: 4, Disp: 12}, out, out)
	VMOVDQU(out, Mem{Base: outs})
	VPACKSSDW(out, out, out)
	VMOVQ(out, Mem{Base: y})
	for j := range final {
		t := XMM()
		VMOVQ(Mem{Base: final[j]}, t)
		VPMADDWD(out, t, t)
		VPADDD(t, sums[j], sums[j])
		ADDQ(Imm(6), final[j])
	}
	ADDQ(Imm(12), rows)
	ADDQ(Imm(12), outs)
	ADDQ(Imm(6), y)
	SUBQ(Imm(3), k)
	JG(LabelRef("mixRows"))

	total(sums)
	clip(sums[0])
	finalOuts := Load(Param("finalOuts"), GP64())
	VMOVDQU(sums[0], Mem{Base: finalOuts})
	VZEROUPPER()
	RET()
}

// train adds x[i]*errs[j] to the 32-bit weights of each selected row, whose upper halves are hi and lower halves lo.
func train() {
	TEXT("trainAVX2", NOSPLIT, "func(x *int16, n int, hi *int16, lo *uint16, rows *int32, errs *int32, k int)")
	Pragma("noescape")
	Doc("trainAVX2 is trainGeneric; n is a multiple of 16.")
	x, n, hi, lo := Load(Param("x"), GP64()), Load(Param("n"), GP64()), Load(Param("hi"), GP64()), Load(Param("lo"), GP64())
	rows, errs, k := Load(Param("rows"), GP64()), Load(Param("errs"), GP64()), Load(Param("k"), GP64())
	one := YMM()
	VPCMPEQW(one, one, one)
	VPSRLW(Imm(15), one, one)
	Label("trainRow")
	wh, wl, i := GP64(), GP64(), GP64()
	e := GP32()
	MOVL(Mem{Base: errs}, e)
	TESTL(e, e)
	JZ(LabelRef("trainNext"))
	MOVLQSX(Mem{Base: rows}, wl)
	LEAQ(Mem{Base: hi, Index: wl, Scale: 2}, wh)
	LEAQ(Mem{Base: lo, Index: wl, Scale: 2}, wl)
	ex := XMM()
	VMOVD(e, ex)
	ev := YMM()
	VPBROADCASTW(ex, ev)
	XORQ(i, i)
	Label("trainLoop")
	xv, dl, dh, l := YMM(), YMM(), YMM(), YMM()
	VMOVDQU(Mem{Base: x, Index: i, Scale: 2}, xv)
	VPMULLW(ev, xv, dl)
	VPMULHW(ev, xv, dh)
	VPADDW(Mem{Base: wl, Index: i, Scale: 2}, dl, l)
	VMOVDQU(l, Mem{Base: wl, Index: i, Scale: 2})
	VPADDSW(Mem{Base: wh, Index: i, Scale: 2}, dh, dh)
	// carry is 1 where l < dl: 1 + (max(l, dl) == l ? -1 : 0)
	VPMAXUW(l, dl, dl)
	VPCMPEQW(l, dl, dl)
	VPADDW(one, dl, dl)
	VPADDSW(dl, dh, dh)
	VMOVDQU(dh, Mem{Base: wh, Index: i, Scale: 2})
	ADDQ(Imm(16), i)
	CMPQ(i, n)
	JL(LabelRef("trainLoop"))
	Label("trainNext")
	ADDQ(Imm(4), rows)
	ADDQ(Imm(4), errs)
	DECQ(k)
	JNZ(LabelRef("trainRow"))
	VZEROUPPER()
	RET()
}

// prefetch asks for the cache lines at the given offsets.
func prefetch() {
	TEXT("prefetchLines", NOSPLIT, "func(base *byte, offsets *uint32, n int)")
	Pragma("noescape")
	Doc("prefetchLines asks for the cache lines at n offsets from base; n > 0.")
	base, offsets, n := Load(Param("base"), GP64()), Load(Param("offsets"), GP64()), Load(Param("n"), GP64())
	at := GP64()
	Label("prefetchLoop")
	MOVL(Mem{Base: offsets}, at.As32())
	PREFETCHT0(Mem{Base: base, Index: at, Scale: 1})
	ADDQ(Imm(4), offsets)
	DECQ(n)
	JNZ(LabelRef("prefetchLoop"))
	RET()
}

// prefetchCurves asks for the curves of an APM that begin at the given points: two cache lines each.
func prefetchCurves() {
	TEXT("prefetchTwoLines", NOSPLIT, "func(base *uint16, rows *uint32, n int)")
	Pragma("noescape")
	Doc("prefetchTwoLines asks for two cache lines at each of n offsets from base; n > 0.")
	base, rows, n := Load(Param("base"), GP64()), Load(Param("rows"), GP64()), Load(Param("n"), GP64())
	at := GP64()
	Label("prefetchCurve")
	MOVL(Mem{Base: rows}, at.As32())
	PREFETCHT0(Mem{Base: base, Index: at, Scale: 2})
	PREFETCHT0(Mem{Base: base, Index: at, Scale: 2, Disp: 2 * 32})
	ADDQ(Imm(4), rows)
	DECQ(n)
	JNZ(LabelRef("prefetchCurve"))
	RET()
}

// table is the address of a variable of the package.
func table(name string) reg.GPVirtual {
	at := GP64()
	LEAQ(Mem{Symbol: Symbol{Name: "·" + name}, Base: reg.StaticBase}, at)
	return at
}

// predictStates sets states to the histories in n slots, and x to what the maps say of them. Two contexts
// a step, as stores are what there are too many of.
func predictStates() {
	TEXT("predictStatesScalar", NOSPLIT, "func(slots *byte, slot *uint32, maps *[256]uint32, states *uint8, x *int16, n int)")
	Pragma("noescape")
	Doc("predictStatesScalar is predictStatesGeneric; slots is from the node on.")
	slots, slot, maps := Load(Param("slots"), GP64()), Load(Param("slot"), GP64()), Load(Param("maps"), GP64())
	states, x, n := Load(Param("states"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	stretch := table("stretchTable")
	i := GP64()
	XORQ(i, i)
	nothing := GP32()
	MOVL(U32(2047), nothing) // where stretch is 0
	one := func(k int) (s, v reg.GPVirtual) {
		s, v = GP32(), GP32()
		MOVL(Mem{Base: slot, Index: i, Scale: 4, Disp: 4 * k}, s)
		MOVBLZX(Mem{Base: slots, Index: s.As64(), Scale: 1}, s)
		MOVL(Mem{Base: maps, Index: s.As64(), Scale: 4, Disp: 1024 * k}, v)
		SHRL(Imm(20), v)
		TESTL(s, s)
		CMOVLEQ(nothing, v)
		MOVWLZX(Mem{Base: stretch, Index: v.As64(), Scale: 2}, v)
		return s, v
	}
	SUBQ(Imm(2), n)
	JL(LabelRef("recallLast"))
	Label("recallTwo")
	s0, v0 := one(0)
	s1, v1 := one(1)
	SHLL(Imm(8), s1)
	ORL(s1, s0)
	MOVW(s0.As16(), Mem{Base: states, Index: i, Scale: 1})
	SHLL(Imm(16), v1)
	ORL(v1, v0)
	MOVL(v0, Mem{Base: x, Index: i, Scale: 2})
	ADDQ(U32(2048), maps)
	ADDQ(Imm(2), i)
	CMPQ(i, n)
	JLE(LabelRef("recallTwo"))
	Label("recallLast")
	TESTQ(U32(1), n)
	JZ(LabelRef("recallDone"))
	s, v := one(0)
	MOVB(s.As8(), Mem{Base: states, Index: i, Scale: 1})
	MOVW(v.As16(), Mem{Base: x, Index: i, Scale: 2})
	Label("recallDone")
	RET()
}

// learnStates adds a bit to the histories in n slots, and teaches it to the maps.
func learnStates() {
	TEXT("learnStatesScalar", NOSPLIT, "func(slots *byte, slot *uint32, maps *[256]uint32, states *uint8, n int, y uint32, limit uint32)")
	Pragma("noescape")
	Doc("learnStatesScalar is learnStatesGeneric; slots is from the node on; n > 0.")
	slots, slot, maps := Load(Param("slots"), GP64()), Load(Param("slot"), GP64()), Load(Param("maps"), GP64())
	states, n := Load(Param("states"), GP64()), Load(Param("n"), GP64())
	target, limit := GP32(), GP32()
	Load(Param("y"), target)
	Load(Param("limit"), limit)
	next, reciprocal := table("nextState"), table("reciprocal")
	ADDQ(target.As64(), next)
	NEGL(target)
	ANDL(U32(1<<22-1), target)
	i := GP64()
	XORQ(i, i)
	Label("recordOne")
	at, s := GP32(), GP32()
	MOVL(Mem{Base: slot, Index: i, Scale: 4}, at)
	MOVBLZX(Mem{Base: slots, Index: at.As64(), Scale: 1}, s)
	MOVBLZX(Mem{Base: next, Index: s.As64(), Scale: 2}, s)
	MOVB(s.As8(), Mem{Base: slots, Index: at.As64(), Scale: 1})
	v, e, d := GP32(), GP32(), GP32()
	MOVBLZX(Mem{Base: states, Index: i, Scale: 1}, s)
	MOVL(Mem{Base: maps, Index: s.As64(), Scale: 4}, v)
	MOVL(v, e)
	ANDL(U32(1023), e)
	SHRL(Imm(10), v)
	MOVL(target, d)
	SUBQ(v.As64(), d.As64())
	rate := GP64()
	MOVL(Mem{Base: reciprocal, Index: e.As64(), Scale: 4}, rate.As32())
	IMULQ(rate, d.As64())
	SARQ(Imm(16), d.As64())
	ADDL(d, v)
	SHLL(Imm(10), v)
	CMPL(e, limit)
	ADCL(Imm(0), e)
	ORL(e, v)
	MOVL(v, Mem{Base: maps, Index: s.As64(), Scale: 4})
	ADDQ(U32(1024), maps)
	INCQ(i)
	CMPQ(i, n)
	JL(LabelRef("recordOne"))
	RET()
}
