using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Eager.Autograd;

/// <summary>Walks arrays, lists, dictionaries, tuples and records of what is to be fetched, and fills copies of them.</summary>
internal static class FetchStructure
{
    /// <summary>A copy of a structure with something else in place of each tensor, operation and name.</summary>
    /// <param name="part">The structure or a part of it.</param>
    /// <param name="slot">The type of the place that it stands in.</param>
    /// <param name="leaf">What to put in the place of a tensor, an operation or a name; called in one order always.</param>
    /// <param name="fill">False to walk only.</param>
    /// <exception cref="InvalidArgumentException">A part is nothing that can be fetched or filled.</exception>
    internal static object? Map(object? part, Type slot, Func<object, Tensor?> leaf, bool fill)
    {
        if (part is Tensor or GraphTensor or Operation || (part is string && slot == typeof(object)))
        {
            Tensor? value = leaf(part);
            return value is null || slot.IsInstanceOfType(value) ? value
                : throw new InvalidArgumentException($"Run: a {slot.Name} cannot hold the value that is fetched for {part}; fetch the tensors as Tensor, or in a list of object.");
        }
        switch (part)
        {
            case Array { Rank: 1 } array:
                Array filled = fill ? Array.CreateInstance(array.GetType().GetElementType()!, array.Length) : array;
                for (int i = 0; i < array.Length; i++) Put(Map(array.GetValue(i), array.GetType().GetElementType()!, leaf, fill), value => filled.SetValue(value, i));
                return filled;
            case IDictionary dictionary when IsOf(part, typeof(Dictionary<,>)):
                var entries = fill ? (IDictionary)Activator.CreateInstance(part.GetType())! : dictionary;
                foreach (object key in dictionary.Keys.Cast<object>().ToArray()) Put(Map(dictionary[key], part.GetType().GenericTypeArguments[1], leaf, fill), value => entries[key] = value);
                return entries;
            case IList list when IsOf(part, typeof(List<>)):
                var items = fill ? (IList)Activator.CreateInstance(part.GetType())! : list;
                foreach (object? item in list.Cast<object?>().ToArray()) Put(Map(item, part.GetType().GenericTypeArguments[0], leaf, fill), value => items.Add(value));
                return items;
        }
        if (part is null or string || part.GetType().IsPrimitive || part.GetType().IsEnum) return part;
        if (part is not ITuple && !IsRecord(part.GetType()))
            throw new InvalidArgumentException($"Run: a {part.GetType().Name} is neither a tensor, an operation nor a structure of them; fetch arrays, lists, dictionaries, tuples or records.");
        object copy = fill ? ShallowCopy.Of(part) : part;
        foreach (FieldInfo field in FieldsOf(part.GetType())) Put(Map(field.GetValue(part), field.FieldType, leaf, fill), value => field.SetValue(copy, value));
        return copy;

        void Put(object? value, Action<object?> put)
        {
            if (fill) put(value);
        }
    }

    private static bool IsOf(object part, Type generic) => part.GetType().IsGenericType && part.GetType().GetGenericTypeDefinition() == generic;

    // The compiler gives every record, and nothing else, a method that writes its members.
    private static bool IsRecord(Type type) => type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly, [typeof(System.Text.StringBuilder)]) is not null;

    private static IEnumerable<FieldInfo> FieldsOf(Type type) => type == typeof(object) || type == typeof(ValueType) ? []
        : FieldsOf(type.BaseType!).Concat(type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));
}
