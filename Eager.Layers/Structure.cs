using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using Eager.Autograd;

namespace Eager.Layers;

/// <summary>What is known of a type of layer: the fields that may hold layers and variables. Looked up once for each type.</summary>
/// <remarks>
/// Fields are what properties keep their values in, so a layer is found whether a property or a field holds it, and no getter runs.
/// </remarks>
internal sealed class Structure
{
    private static readonly ConcurrentDictionary<Type, Structure> Cache = new();

    private readonly (string Name, FieldInfo Field)[] fields;

    private Structure(Type type)
    {
        CreatesVariables = Overrides(type, "CreateVariables", typeof(Shape)) || Overrides(type, "CreateVariables", typeof(IReadOnlyList<Shape>));
        TellsShapes = Overrides(type, "ComputeOutputShape", typeof(Shape)) || Overrides(type, "ComputeOutputShapes", typeof(IReadOnlyList<Shape>));
        fields = [.. Lineage(type).SelectMany(static t => t.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).OrderBy(static f => f.MetadataToken))
            .Where(static f => !f.FieldType.IsValueType).Select(static f => (NameOf(f), f))];
    }

    /// <summary>Whether such layers make weights of their own when they are built.</summary>
    internal bool CreatesVariables { get; }

    /// <summary>Whether such layers tell the shapes that they give.</summary>
    internal bool TellsShapes { get; }

    internal static Structure Of(Type type) => Cache.GetOrAdd(type, static t => new(t));

    /// <summary>The layers and variables that a layer holds, in order of declaration, each with the name of its property and its place in a list.</summary>
    internal IEnumerable<(string Name, object Child)> Children(Layer layer) => fields.SelectMany(f => Within(f.Name, f.Field.GetValue(layer)));

    private static IEnumerable<(string Name, object Child)> Within(string name, object? value) => value switch
    {
        Layer or Variable => [(name, value)],
        IDictionary dictionary => dictionary.Keys.Cast<object>().SelectMany(key => Within($"{name}/{key}", dictionary[key])),
        IReadOnlyList<Layer> or IReadOnlyList<Variable> => ((IEnumerable)value).Cast<object?>().SelectMany((item, i) => Within($"{name}/{i}", item)),
        _ => [],
    };

    private static bool Overrides(Type type, string method, Type argument) =>
        type.GetMethod(method, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [argument])!.DeclaringType is { } declaring && declaring != typeof(Layer) && declaring != typeof(Junction);

    // Base types first.
    private static IEnumerable<Type> Lineage(Type type) => type == typeof(Layer) ? [] : Lineage(type.BaseType!).Append(type);

    // `<Hidden>k__BackingField`, `_hidden` and the captured parameter `<hidden>P` are all "hidden".
    private static string NameOf(FieldInfo field)
    {
        string name = field.Name;
        if (name[0] == '<') name = name[1..name.IndexOf('>')];
        name = name.TrimStart('_');
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
