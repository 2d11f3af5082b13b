namespace Eager.Generator;

/// <summary>One parameter of a schema.</summary>
public sealed record Parameter(string Type, string Name);

/// <summary>An operator's schema, as LibTorch writes it: <c>aten::sum.dim_IntList(Tensor self, int[1]? dim, ...) -> Tensor</c>.</summary>
public sealed record Schema(string Text, string Namespace, string Name, string Overload, IReadOnlyList<Parameter> Parameters, IReadOnlyList<string> Returns)
{
    /// <summary>The name that the C++ and C# sides share, such as <c>sum_dim_IntList</c>.</summary>
    public string Identifier => Overload == "" ? Name : $"{Name}_{Overload}";

    /// <summary>The name with its overload as the manifest has it, such as <c>sum.dim_IntList</c>.</summary>
    public string FullName => Overload == "" ? Name : $"{Name}.{Overload}";

    /// <summary>The header under ATen/ops that declares the operator; in-place forms share their base's.</summary>
    public string HeaderName => Name.EndsWith('_') && !Name.EndsWith("__") ? Name[..^1] : Name;

    /// <summary>True when it returns nothing new: no tensor, or its own arguments.</summary>
    public bool ReturnsNothing => Returns.All(r => r.Contains('!'));

    /// <summary>Reads a schema.</summary>
    public static Schema Parse(string text)
    {
        int open = text.IndexOf('(');
        int close = MatchingParenthesis(text, open);
        string[] scoped = text[..open].Split("::");
        string[] named = scoped[1].Split('.');
        string returns = text[(text.IndexOf("->", close) + 2)..].Trim();
        if (returns.StartsWith('(')) returns = returns[1..^1];
        return new Schema(text, scoped[0], named[0], named.Length > 1 ? named[1] : "",
            [.. SplitList(text[(open + 1)..close]).Where(p => p != "*").Select(ParseParameter)],
            [.. SplitList(returns).Select(TypeOf)]);
    }

    private static Parameter ParseParameter(string text)
    {
        int equals = text.IndexOf('=');
        string declaration = equals < 0 ? text : text[..equals];
        int space = declaration.LastIndexOf(' ');
        return new Parameter(WithoutAlias(declaration[..space].Trim()), declaration[(space + 1)..]);
    }

    // "Tensor(a!) out" and "Tensor result" are both of a type without their name.
    private static string TypeOf(string text)
    {
        int space = text.LastIndexOf(' ');
        return space < 0 ? text : text[..space];
    }

    private static string WithoutAlias(string type)
    {
        int open = type.IndexOf('(');
        return open < 0 ? type : type[..open] + type[(type.IndexOf(')') + 1)..];
    }

    private static int MatchingParenthesis(string text, int open)
    {
        int depth = 0;
        for (int i = open; i < text.Length; i++)
        {
            if (text[i] == '(') depth++;
            if (text[i] == ')' && --depth == 0) return i;
        }
        throw new FormatException($"no closing parenthesis: {text}");
    }

    private static List<string> SplitList(string text)
    {
        List<string> parts = [];
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is '(' or '[') depth++;
            if (text[i] is ')' or ']') depth--;
            if (text[i] != ',' || depth > 0) continue;
            parts.Add(text[start..i].Trim());
            start = i + 1;
        }
        string last = text[start..].Trim();
        if (last != "") parts.Add(last);
        return parts;
    }
}
