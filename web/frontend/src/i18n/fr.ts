import type { Messages } from ".";
import { day, number, plural, size, type Units } from "./words";

const L = "fr";
const UNITS: Units = {
  bytes: { one: "# octet", other: "# octets" },
  kB: "ko",
  MB: "Mo",
  GB: "Go",
};
const count = (value: number, one: string, other: string) => plural(L, value, { one, other });
const sizeOf = (bytes: number) => size(L, bytes, UNITS);

// Typographie : apostrophe courbe, espace insécable fine (U+202F) avant ? ! ; et %,
// insécable (U+00A0) avant les deux-points et dans les guillemets.
export const fr: Messages = {
  number: (value) => number(L, value),
  size: sizeOf,
  day: (iso, timeZone) => day(L, iso, timeZone),
  cancel: "Annuler",
  close: "Fermer",
  save: "Enregistrer",
  retry: "Réessayer",
  delete: "Supprimer",
  deleting: "Suppression…",

  grid: {
    label: "Photos",
    photos: (n) => count(n, "# photo", "# photos"),
    found: (n, isAll) =>
      `${count(n, "# photo trouvée", "# photos trouvées")}${isAll ? "" : " pour l’instant"}`,
    unfinished: (n) => count(n, "# pas encore prête", "# pas encore prêtes"),
    failed: (n) => `${number(L, n)} en échec`,
    empty: "Aucune photo pour l’instant",
    emptyForUploaders: "Ajoutez les premières ci-dessus.",
    emptyForReaders: "Elles apparaîtront ici dès que quelqu’un en ajoutera.",
    noneFound: "Aucune photo ne correspond",
    noneFoundHint: "Essayez d’autres mots ou une autre année.",
    loading: "Chargement de la suite…",
    loadAgain: "Charger la suite",
  },
  states: { waiting: "En attente", working: "En cours", ready: "Prête", failed: "Échec" },
  tile: {
    notShown: "Cette photo ne peut pas être affichée.",
    deleteNamed: (name) => `Supprimer ${name}`,
  },
  arrange: {
    start: "Réordonner",
    done: "Terminé",
    hint: "Faites glisser les photos à leur place, ou déplacez-les avec leurs flèches.",
    earlier: (name) => `Avancer ${name}`,
    later: (name) => `Reculer ${name}`,
    first: (name) => `Mettre ${name} en premier`,
    moved: (name, place) => `${name} est maintenant en position ${number(L, place)}.`,
    failed: (reason) => `Photo non déplacée. ${reason}`,
  },
  lightbox: {
    previous: "Photo précédente",
    next: "Photo suivante",
    position: (place, total) => `${number(L, place)} sur ${number(L, total)}`,
    original: "Télécharger l’original",
    screenSize: "Télécharger pour l’écran",
    pixels: (width, height) => `${width} × ${height}`,
    facts: "À propos de cette photo",
    editCaption: "Modifier la légende",
    addCaption: "Ajouter une légende",
    caption: "Légende",
    cover: "Choisir comme couverture",
    coverSet: "C’est maintenant la couverture.",
    locationHidden:
      "Le fichier indique le lieu de la prise de vue ; ce que les autres téléchargent ne l’indique pas.",
    locationShown:
      "Le fichier indique le lieu de la prise de vue, et ce que les autres téléchargent aussi.",
    confirmDelete: "Supprimer définitivement cette photo ?",
    keep: "La garder",
    gone: "Cette photo n’est plus là.",
    notLoaded:
      "La photo n’a pas pu être chargée. Vérifiez votre connexion, puis rechargez la page.",
    notChanged: (reason) => `Rien n’a été modifié. ${reason}`,
    notDeleted: (reason) => `La photo n’a pas été supprimée. ${reason}`,
  },
  download: {
    preparing: "Préparation…",
    packing: (done, total) => `Archivage : ${number(L, done)} sur ${number(L, total)}…`,
    failed: (reason) => `Le téléchargement n’a pas pu être préparé. ${reason}`,
  },
  trouble: {
    connection:
      "La connexion au site a été coupée. Vérifiez votre réseau, puis réessayez.",
    connectionWhileWatching: (seconds) =>
      `La connexion au site est perdue ; les photos ont pu changer depuis. Nouvel essai dans ${count(seconds, "# seconde", "# secondes")}.`,
    watching: (reason) => `L’état des photos n’a pas pu être lu. ${reason}`,
    galleryGone:
      "Le site ne vous montre plus cette galerie : elle a été supprimée, ou vous êtes déconnecté. Reconnectez-vous dans un autre onglet, ou rechargez la page.",
    loading: (reason) => `La suite des photos n’a pas pu être chargée. ${reason}`,
    signedOut:
      "Vous êtes déconnecté. Reconnectez-vous dans un autre onglet, puis réessayez.",
    outOfDate: "Cette page n’est plus à jour. Rechargez-la, puis recommencez.",
    notAllowed: "Vous n’avez pas le droit de faire cela ici. Adressez-vous à un administrateur.",
    gone: "Cela n’existe plus. Rechargez la page.",
    tooLarge: (mb) => `Le site accepte au plus ${number(L, mb)} Mo par fichier.`,
    tooMany: "Trop de requêtes à la fois. Attendez une minute, puis réessayez.",
    busy: (status) =>
      `Le site est occupé ou redémarre (${status}). Attendez un instant, puis réessayez.`,
    siteFailed: (status) =>
      `Le site n’a pas pu traiter cette requête (${status}). Réessayez ; si cela se reproduit, prévenez un administrateur.`,
    unknown: (status) =>
      `Le site a donné une réponse que cette page ne connaît pas (${status}). Rechargez la page.`,
  },
  upload: {
    list: "Fichiers",
    progress: (name) => `Envoi de ${name}`,
    retryNamed: (name) => `Réessayer ${name}`,
    cancelNamed: (name) => `Annuler ${name}`,
    retryAll: (n) => `Réessayer les ${number(L, n)}`,
    cancelAll: "Tout annuler",
    clear: "Vider la liste",
    percent: (value) => `${value} %`,
    queued: "En file d’attente",
    checking: "Vérification",
    unpacking: "Décompression",
    paused: "En pause",
    away: "Le site est occupé ou redémarre (503) ; l’envoi reprendra de lui-même.",
    pausing: "Le site demande une courte pause ; l’envoi reprendra de lui-même.",
    failed: "Non envoyé",
    cancelled: "Annulé",
    accepted: "Acceptée",
    duplicate: "Déjà présente",
    rejected: "Refusée",
    passed_over: "Laissé de côté",
    acceptedCount: (n) => count(n, "# acceptée", "# acceptées"),
    duplicateCount: (n) => count(n, "# déjà présente", "# déjà présentes"),
    rejectedCount: (n) => count(n, "# refusée", "# refusées"),
    failedCount: (n) => count(n, "# non envoyé", "# non envoyés"),
    noPhoto: "aucune photo dedans",
    locatedHidden: (n) =>
      `${count(n, "# photo indique le lieu de la prise de vue.", "# photos indiquent le lieu de la prise de vue.")} Ce que les autres téléchargent ne l’indique pas ; le choix se fait dans « Modifier la galerie ».`,
    locatedShown: (n) =>
      `${count(n, "# photo indique le lieu de la prise de vue,", "# photos indiquent le lieu de la prise de vue,")} et cette galerie le montre à tous ceux qui la voient ; le choix se fait dans « Modifier la galerie ».`,
    done: (done, total) =>
      `${count(done, "# fichier traité", "# fichiers traités")} sur ${number(L, total)}.`,
    tooLarge: (bytes, excess, mb) =>
      `Le fichier pèse ${sizeOf(bytes)}, soit ${sizeOf(excess)} de plus que les ${number(L, mb)} Mo que le site accepte par fichier. Il n’a pas été envoyé.`,
    empty: "Le fichier est vide (0 octet). Prenez l’original ; une copie n’a peut-être pas été terminée.",
    folder: "C’est un dossier. Déposez les photos qu’il contient, ou un zip du dossier.",
    broke: "La connexion a été coupée ; l’envoi reprendra dès qu’elle sera rétablie.",
    anew: "Le site ne connaît plus cet envoi ; il recommence du début.",
    unpackFailed: "L’archive zip n’a pas pu être décompressée.",
    unfinished: (n) => count(n, "# envoi a été interrompu", "# envois ont été interrompus"),
    unfinishedHint:
      "Choisissez ou déposez à nouveau les mêmes fichiers : ils reprendront où ils en étaient.",
    discard: "Abandonner",
    discardNamed: (name) => `Abandonner ${name}`,
    discardAll: "Tout abandonner",
    received: (received, total) => `${sizeOf(received)} sur ${sizeOf(total)}`,
    more: (n) => count(n, "et # autre", "et # autres"),
  },
};
