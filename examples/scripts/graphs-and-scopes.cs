#:project ../../Eager.Train/Eager.Train.csproj
// The documents' programs about graphs, names and shared variables, with functions that are traced: dotnet run examples/scripts/graphs-and-scopes.cs

Heading("A constant and its node");
using TracedFunction constant = Function.Trace(x => x + Tensor.From(5), "constant");
constant.Call(Tensor.From(0));
Operation node = constant.Graph.GetOperation("Const");
Console.WriteLine($"{node}; its graph is the function's: {ReferenceEquals(node.Graph, constant.Graph)}; 0 + 5 = {constant.Call(Tensor.From(0)).Item()}");

Heading("A sum is a symbol");
using TracedFunction add = Function.Trace((a, b) => a + b, "add");
Console.WriteLine($"{add.Call(Tensor.From(3), Tensor.From(5)).Item()} is {add.Graph.Outputs[0]}");
using TracedFunction product = Function.Trace((a, b) => a.MatMul(b), "product");
product.Call(Tensor.RandomNormal([10, 10]), Tensor.RandomNormal([10, 10]));
Console.WriteLine(product.Graph.Outputs[0]);
using TracedFunction zeros = Function.Trace(x => { _ = Tensor.ZerosLike(x); return Tensor.ZerosLike(x); }, "zeros");
Tensor evaluated = zeros.Call(Tensor.Ones([2, 2]));
Console.WriteLine($"{zeros.Graph.Outputs[0].Name} evaluates to zeros: {evaluated.Max().Item() == 0}");

Heading("What is fetched is a value, or several of any structure");
Tensor a = Tensor.From(5), b = Tensor.From(8);
Tensor[] list = [a, b];
var record = new { A = a, Pair = (B: b, Nothing: 0) };
Console.WriteLine($"[{string.Join(", ", list.Select(t => t.Item()))}]; A {record.A.Item()}, B {record.Pair.B.Item()}; x = {(a + b).Item()}");

Heading("A shared operation runs once, an unused one never");
int shared = 0, unused = 0;
Func<Tensor[], Tensor> doubled = Function.Host(x => { shared++; return x[0] * 2; }), tripled = Function.Host(x => { unused++; return x[0] * 3; });
Tensor twice = doubled([a]), result = (twice + 1) * twice;
Func<Tensor> never = () => tripled([a]);
Console.WriteLine($"(2·5 + 1)·2·5 = {result.Item()}; the shared one ran {shared} time, the unused {never.Method.ReturnType.Name} {unused} times");
using TracedFunction diamond = Function.Trace(x => { Tensor s = x.Square(); return (s + 1) * s; }, "diamond");
diamond.Call(a);
Console.WriteLine($"in the graph: {string.Join(" ", diamond.Graph.Operations.Select(o => o.Name))}");

Heading("Shapes that are known in part");
Shape images = [null, 10];
Console.WriteLine($"{images} takes [5, 10]: {images.IsCompatibleWith([5, 10])}, [5, 15]: {images.IsCompatibleWith([5, 15])}");
Console.WriteLine($"{images} and [5, null] are {images.MergeWith([5, null])}");
using TracedFunction refined = Function.Trace(t => { t.SetShape([32, null]); return t * 2; }, "refined", [new([null, 128])]);
refined.Call(Tensor.Zeros([32, 128]));
Console.WriteLine($"[?, 128] with its first size set gives {refined.Graph.Outputs[0].Shape}");
using TracedFunction collapse = Function.Trace(t => t.MergeAxes([0, [1, 2]]), "collapse", [new([null, 10, 32])]);
Console.WriteLine($"[4, 10, 32] collapsed is {collapse.Call(Tensor.Zeros([4, 10, 32])).Shape}, in the graph {collapse.Graph.Outputs[0].Shape}");

Heading("Name scopes");
using TracedFunction scopes = Function.Trace(x =>
{
    using (NameScope.Open("prefix"))
    {
        x += 4;
        using (NameScope.Open("inner")) x += 4;
    }
    using (NameScope.Open("prefix")) return x + 4;
}, "scopes");
scopes.Call(a);
Console.WriteLine(string.Join(" ", scopes.Graph.Operations.Where(o => o.Type == "Add").Select(o => o.Outputs[0].Name)));

Heading("Variable scopes: one tree of variables, found again by their names");
using (VariableStore.Open())
{
    using (VariableScope.Open("S")) Console.Write($"{VariableScope.GetVariable("a", []).Name} ");
    using (VariableScope.Open("S")) Console.WriteLine(VariableScope.GetVariable("b", []).Name);
    Refused(() => { using VariableScope s = VariableScope.Open("S"); return VariableScope.GetVariable("a", []); });
    Refused(() => { using VariableScope s = VariableScope.Open("S", Reuse.Yes); using VariableScope t = VariableScope.Open("T", Reuse.No); return a; });
    using (VariableScope.Open("S", Reuse.Yes)) Console.WriteLine($"with reuse it is found: {VariableScope.GetVariable("a").Name}");
    Refused(() => { using VariableScope s = VariableScope.Open("S", Reuse.Yes); return VariableScope.GetVariable("c", []); });
    using (VariableScope.Open("foo"))
    using (VariableScope.Open("bar")) Console.WriteLine(VariableScope.GetVariable("v", [1]).Name);
}
using (VariableStore.Open())
{
    using (VariableScope.Open("S")) VariableScope.GetVariable("a", []);
    using TracedFunction reopened = Function.Trace(x =>
    {
        using (VariableScope.Open("S")) x += 1;
        using (VariableScope.Open("S", Reuse.Yes)) return x + VariableScope.GetVariable("a");
    }, "reopened");
    reopened.Call(Tensor.From(1f));
    Console.WriteLine($"variables keep their names, operations get a number: {string.Join(" ", reopened.Graph.Operations.Where(o => o.Type is "Add" or "Variable").Select(o => o.Name))}");
}

Heading("Three ways to share a convolution");
Tensor image = Tensor.RandomNormal([1, 4, 4, 3]);
using (VariableStore store = VariableStore.Open())
{
    var template = new Template("conv", Convolve);
    Console.WriteLine($"a template: {template.Call(image).AllClose(template.Call(image))}, {store.Variables().Count} variable");
}
using (VariableStore store = VariableStore.Open())
{
    Tensor first = InScope(Reuse.No), second = InScope(Reuse.Yes);
    Console.WriteLine($"reuse: {first.AllClose(second)}, {store.Variables().Count} variable");
}
using (VariableStore store = VariableStore.Open())
{
    Tensor first = InScope(Reuse.Auto), second = InScope(Reuse.Auto);
    Console.WriteLine($"auto reuse: {first.AllClose(second)}, {store.Variables().Count} variable");
}

Tensor InScope(Reuse reuse)
{
    using VariableScope scope = VariableScope.Open("conv", reuse);
    return Convolve(image);
}

static Tensor Convolve(Tensor x) => x.Conv2D(VariableScope.GetVariable("filters", [3, 3, 3, 8]), padding: Padding.Same);

static void Heading(string text) => Console.WriteLine($"\n== {text}");

static void Refused(Func<Tensor> compute)
{
    try
    {
        _ = compute();
    }
    catch (EagerException e)
    {
        Console.WriteLine($"refused: {e.Message}");
    }
}
