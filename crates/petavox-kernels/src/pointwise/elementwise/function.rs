//! The functions by name.

use petavox_core::{Error, Result};

macro_rules! functions {
    ($($variant:ident $name:literal $n:literal;)*) => {
        /// One of numpy's elementwise functions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Function { $($variant,)* }

        impl Function {
            /// Every function, by name.
            pub const ALL: &'static [Function] = &[$(Function::$variant,)*];

            /// numpy's name.
            pub const fn name(self) -> &'static str {
                match self { $(Function::$variant => $name,)* }
            }

            /// How many operands it takes.
            pub const fn n_operands(self) -> usize {
                match self { $(Function::$variant => $n,)* }
            }

        }
    };
}

functions! {
    Absolute "absolute" 1;
    Add "add" 2;
    Arccos "arccos" 1;
    Arccosh "arccosh" 1;
    Arcsin "arcsin" 1;
    Arcsinh "arcsinh" 1;
    Arctan "arctan" 1;
    Arctan2 "arctan2" 2;
    Arctanh "arctanh" 1;
    BitwiseAnd "bitwise_and" 2;
    BitwiseOr "bitwise_or" 2;
    BitwiseXor "bitwise_xor" 2;
    Cbrt "cbrt" 1;
    Ceil "ceil" 1;
    Clip "clip" 3;
    Copysign "copysign" 2;
    Cos "cos" 1;
    Cosh "cosh" 1;
    Degrees "degrees" 1;
    Divide "divide" 2;
    Equal "equal" 2;
    Exp "exp" 1;
    Exp2 "exp2" 1;
    Expm1 "expm1" 1;
    Fabs "fabs" 1;
    Floor "floor" 1;
    FloorDivide "floor_divide" 2;
    Fmax "fmax" 2;
    Fmin "fmin" 2;
    Fmod "fmod" 2;
    Greater "greater" 2;
    GreaterEqual "greater_equal" 2;
    Hypot "hypot" 2;
    Invert "invert" 1;
    Isfinite "isfinite" 1;
    Isinf "isinf" 1;
    Isnan "isnan" 1;
    LeftShift "left_shift" 2;
    Less "less" 2;
    LessEqual "less_equal" 2;
    Log "log" 1;
    Log10 "log10" 1;
    Log1p "log1p" 1;
    Log2 "log2" 1;
    Logaddexp "logaddexp" 2;
    LogicalAnd "logical_and" 2;
    LogicalNot "logical_not" 1;
    LogicalOr "logical_or" 2;
    LogicalXor "logical_xor" 2;
    Maximum "maximum" 2;
    Minimum "minimum" 2;
    Multiply "multiply" 2;
    Negative "negative" 1;
    NotEqual "not_equal" 2;
    Positive "positive" 1;
    Power "power" 2;
    Radians "radians" 1;
    Reciprocal "reciprocal" 1;
    Remainder "remainder" 2;
    RightShift "right_shift" 2;
    Rint "rint" 1;
    Sign "sign" 1;
    Signbit "signbit" 1;
    Sin "sin" 1;
    Sinh "sinh" 1;
    Sqrt "sqrt" 1;
    Square "square" 1;
    Subtract "subtract" 2;
    Tan "tan" 1;
    Tanh "tanh" 1;
    Trunc "trunc" 1;
    Where "where" 3;
}

impl Function {
    /// The function of this name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there is none.
    pub fn parse(name: &str) -> Result<Function> {
        Function::ALL.iter().copied().find(|f| f.name() == name).ok_or_else(|| {
            Error::argument(
                "function",
                format!("'{name}'"),
                "numpy's name of an elementwise function",
            )
        })
    }

    /// True for the six comparisons.
    pub const fn is_comparison(self) -> bool {
        use Function::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
        matches!(self, Greater | GreaterEqual | Less | LessEqual | Equal | NotEqual)
    }
}
